import type { EventInput } from '../events/envelope.ts'
import type { Timer, TimerClock } from '../shared/clock.ts'
import type { EmulatorObserver, JobKind } from '../shared/signals.ts'
import type { Records } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import type { AnyJob, JobEnd, JobType } from './job.ts'
import { errorOf, type Outcome, outcomeOf } from './outcomes.ts'

/** What jobs work with. */
export interface JobsOptions {
  readonly clock: TimerClock
  readonly storage: Storage
  readonly observer: EmulatorObserver
  /** Delivers a job's event to its own URIs, or without them to the subscribed webhooks. */
  readonly emit: (event: EventInput, uris?: readonly string[]) => void
}

/** How a job ends, and what it has to show. */
interface Produced {
  readonly outcome: Outcome
  readonly result?: unknown
}

/** Runs the jobs of every kind from their creation to their end. */
export class Jobs {
  readonly #options: JobsOptions
  readonly #jobs: Records<AnyJob>
  readonly #types = new Map<JobKind, JobType<AnyJob>>()
  readonly #timers = new Map<string, Timer>()

  constructor(options: JobsOptions) {
    this.#options = options
    this.#jobs = options.storage.records('job')
  }

  /** Says what jobs of a kind do at their end; to be called before the first one is created or resumed. */
  define<Job extends AnyJob>(kind: Job['kind'], type: JobType<Job>): void {
    // Only jobs of its kind are handed to it.
    this.#types.set(kind, type as unknown as JobType<AnyJob>)
  }

  /** Stores a job and starts its timer. */
  create<Job extends AnyJob>(job: Job): Job {
    this.#jobs.put(job)
    const { id: jobId, kind, createdAt: at } = job
    this.#options.observer({ type: 'job_created', at, kind, jobId })
    this.#arm(job)
    return job
  }

  /** Stores a job that has ended already and has no event, such as an interaction in the foreground. */
  createEnded<Job extends AnyJob>(job: Job): Job {
    this.#jobs.put(job)
    return job
  }

  /** Goes on with what an earlier process left unfinished. */
  resume(): void {
    for (const job of this.#jobs.values()) if (job.end === undefined) this.#arm(job)
  }

  get<Job extends AnyJob>(kind: Job['kind'], id: string): Job | undefined {
    const job = this.find(id)
    return job?.kind === kind ? (job as Job) : undefined
  }

  find(id: string): AnyJob | undefined {
    return this.#jobs.get(id)
  }

  all<Job extends AnyJob>(kind: Job['kind']): Job[] {
    return [...this.#jobs.values()].filter((job): job is Job => job.kind === kind)
  }

  /** Ends a job and emits its event. Only the first end counts; returns whether this was it. */
  async finish(id: string, outcome: Outcome): Promise<boolean> {
    const job = this.find(id)
    if (job === undefined || job.end !== undefined) return false
    return this.#commit(id, await this.#produce(job, outcome))
  }

  /** Ends a job without a result and emits its event, at once. */
  cancel(id: string): boolean {
    return this.#commit(id, { outcome: { outcome: 'cancelled' } })
  }

  /** Removes a job; it never ends. */
  remove(id: string): void {
    this.#disarm(id)
    this.#jobs.delete(id)
  }

  /** Whether a job is still running. */
  isBusy(): boolean {
    return this.#timers.size > 0
  }

  #arm(job: AnyJob): void {
    const { clock } = this.#options
    const work = async () => void (await this.finish(job.id, job.planned))
    this.#timers.set(job.id, clock.schedule(job.dueAt, work))
  }

  #disarm(id: string): void {
    const timer = this.#timers.get(id)
    if (timer !== undefined) this.#options.clock.cancel(timer)
    this.#timers.delete(id)
  }

  /** Works out the result. One that cannot be made ends the job all the same: a job that hangs has no event. */
  async #produce(job: AnyJob, outcome: Outcome): Promise<Produced> {
    try {
      return { outcome, result: await this.#types.get(job.kind)!.produce(job, outcome) }
    } catch (error) {
      return { outcome: { outcome: 'failed', error: { code: 13, message: String(error) } } }
    }
  }

  /** Stores the end and opens its deliveries in one change: a job that has ended was announced. */
  #commit(id: string, produced: Produced): boolean {
    const { storage, clock, observer } = this.#options
    return storage.atomically(() => {
      const job = this.find(id)
      // It may have been cancelled or removed while its result was worked out.
      if (job === undefined || job.end !== undefined) return false
      const ended = this.#jobs.put({ ...job, end: endOf(produced, clock.now()) })
      this.#disarm(id)
      const { state, eventType } = outcomeOf(job.kind, ended.end!.outcome)!
      observer({ type: 'job_finished', at: ended.end!.at, kind: job.kind, jobId: id, state })
      if (eventType !== undefined) this.#announce(ended, eventType)
      return true
    })
  }

  #announce(job: AnyJob, type: string): void {
    const { uris, userMetadata } = job.config
    const { error } = job.end!
    const data = {
      id: job.id,
      ...this.#types.get(job.kind)!.eventData(job),
      ...(error && { error_code: error.code, error_message: error.message }),
    }
    this.#options.emit({ type, data, userMetadata, jobId: job.id }, uris)
  }
}

function endOf({ outcome, result }: Produced, at: number): JobEnd<unknown> {
  const error = errorOf(outcome)
  return {
    at,
    outcome: outcome.outcome ?? 'succeeded',
    ...(error && { error }),
    ...(result !== undefined && { result }),
  }
}
