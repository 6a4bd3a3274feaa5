import type { EventInput } from '../events/envelope.ts'
import { RequestFault } from '../http/faults.ts'
import type { TimerClock } from '../shared/clock.ts'
import type { JobKind } from '../shared/job-kind.ts'
import type { Outcome } from '../shared/scenario.ts'
import type { EmulatorObserver } from '../shared/signals.ts'
import { createTimerSet, type TimerSet } from '../shared/timer-set.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import { untilAborted } from '../shared/until-aborted.ts'
import { createGroups, type Groups } from '../storage/groups.ts'
import type { Records } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import { messageOf } from './answers.ts'
import { type AnyJob, type JobDraft, JobFailure, type JobType } from './job.ts'
import { endOf, failed, isPassing, type Produced } from './job-end.ts'
import { outcomeOf } from './outcomes.ts'
import type { Scenarios } from './scenarios.ts'

/** What jobs work with. */
export interface JobsOptions {
  readonly clock: TimerClock
  readonly storage: Storage
  readonly observer: EmulatorObserver
  /** Milliseconds from a job's creation to its end, unless a scenario says otherwise. */
  readonly durations: Record<JobKind, number>
  /** How many jobs are kept. */
  readonly maxJobs: number
  readonly scenarios: Scenarios
  /** Delivers a job's event to its own URIs, or without them to the subscribed webhooks. */
  readonly emit: (event: EventInput, uris?: readonly string[]) => readonly DeliverySnapshot[]
}

const RUNNING = 'running'

/** Runs the jobs of every kind from their creation to their end. */
export class Jobs {
  readonly #options: JobsOptions
  readonly #jobs: Records<AnyJob>
  readonly #byState: Groups<AnyJob>
  readonly #types = new Map<JobKind, JobType<AnyJob>>()
  readonly #timers: TimerSet
  /** Aborted when no job may end as it was to end: at the end, or when the jobs are replaced. */
  #run = new AbortController()

  constructor(options: JobsOptions) {
    this.#options = options
    this.#jobs = options.storage.records('job')
    this.#byState = createGroups(this.#jobs, ({ end }) => (end === undefined ? RUNNING : undefined))
    this.#timers = createTimerSet(options.clock)
  }

  /** Says what jobs of a kind do at their end; to be called before the first one is created or resumed. */
  define<Job extends AnyJob>(kind: Job['kind'], type: JobType<Job>): void {
    // Only jobs of its kind are handed to it.
    this.#types.set(kind, type as unknown as JobType<AnyJob>)
  }

  /** Creates a job that ends by itself, as a scenario or the default says. */
  start<Job extends AnyJob>(draft: JobDraft<Job>): Job {
    this.#checkRoom()
    const { clock, storage, durations, observer, scenarios } = this.#options
    return storage.atomically(() => {
      const createdAt = clock.now()
      const { afterMs = durations[draft.kind], ...planned } = scenarios.take(draft) ?? {}
      const job = this.#jobs.put({ ...draft, createdAt, dueAt: createdAt + afterMs, planned })
      storage.afterCommit(() => {
        observer({ type: 'job_created', at: createdAt, kind: job.kind, jobId: job.id })
        this.#arm(job)
      })
      return job as Job
    })
  }

  /**
   * Ends a job at once, as a scenario or the default says, and without an event: an interaction in the foreground.
   * `isKept` says whether it can be looked up afterwards.
   */
  async answer<Job extends AnyJob>(draft: JobDraft<Job>, { isKept }: { isKept: boolean }): Promise<Job> {
    if (isKept) this.#checkRoom()
    const { clock, scenarios } = this.#options
    const at = clock.now()
    const { afterMs: _, ...planned } = scenarios.take(draft) ?? {}
    const job: AnyJob = { ...draft, createdAt: at, dueAt: at, planned }
    const ended = { ...job, end: endOf(await this.#produce(job, planned), at) }
    return (isKept ? this.#jobs.put(ended) : ended) as Job
  }

  /**
   * Goes on with what is stored: an earlier process left it, or it was put back. What is worked out for earlier jobs
   * is forgotten. To be called in a transaction.
   */
  resume(): void {
    this.#options.storage.afterCommit(() => {
      this.#run.abort()
      this.#run = new AbortController()
      this.#timers.cancelAll()
      for (const job of this.running().values()) this.#arm(job)
    })
  }

  get<Job extends AnyJob>(kind: Job['kind'], id: string): Job | undefined {
    const job = this.find(id)
    return job?.kind === kind ? (job as Job) : undefined
  }

  find(id: string): AnyJob | undefined {
    return this.#jobs.get(id)
  }

  /** The jobs that have not ended, by id. */
  running(): ReadonlyMap<string, AnyJob> {
    return this.#byState(RUNNING)
  }

  every(): AnyJob[] {
    return [...this.#jobs.values()]
  }

  all<Job extends AnyJob>(kind: Job['kind']): Job[] {
    return [...this.#jobs.values()].filter((job): job is Job => job.kind === kind)
  }

  /**
   * Ends a job and emits its event, to `uris` when given. Only the first end counts.
   *
   * @returns The deliveries of the event, or `undefined` when the job had ended before
   */
  async finish(
    id: string,
    outcome: Outcome,
    uris?: readonly string[],
  ): Promise<readonly DeliverySnapshot[] | undefined> {
    const job = this.find(id)
    if (job === undefined || job.end !== undefined) return undefined
    const produced = await untilAborted(this.#run.signal, this.#produce(job, outcome))
    return produced && this.#end(id, produced, uris)
  }

  /** Ends a job without a result and emits its event, at once. */
  cancel(id: string): void {
    this.#end(id, { outcome: { outcome: 'cancelled' } })
  }

  /** Removes a job; it never ends. */
  remove(id: string): void {
    const job = this.find(id)
    if (job === undefined) return
    this.#jobs.delete(id)
    this.#timers.cancel(id)
    const { clock, observer } = this.#options
    observer({ type: 'job_deleted', at: clock.now(), kind: job.kind, jobId: id })
  }

  /** Lets no job end any more: what runs is left to the next process. */
  stop(): void {
    this.#run.abort()
  }

  /** Whether a job has neither ended nor been removed or replaced, and may still end. */
  isRunning(job: AnyJob): boolean {
    return this.find(job.id) === job && job.end === undefined && !this.#run.signal.aborted
  }

  /** Whether a job is still running. */
  isBusy(): boolean {
    return this.running().size > 0
  }

  #checkRoom(): void {
    const { maxJobs } = this.#options
    if (this.#jobs.size < maxJobs) return
    throw new RequestFault(
      'limit_exceeded',
      `The emulator keeps ${maxJobs} jobs (limits.jobs). Delete some first.`,
    )
  }

  #arm(job: AnyJob): void {
    this.#timers.set(job.id, job.dueAt, async () => void (await this.finish(job.id, job.planned)))
  }

  /** Works out the result. One that cannot be made ends the job all the same: a job that hangs has no event. */
  async #produce(job: AnyJob, outcome: Outcome): Promise<Produced> {
    try {
      return { outcome, result: await this.#types.get(job.kind)!.produce(job, outcome) }
    } catch (error) {
      return failed(error instanceof JobFailure ? error : new JobFailure(13, String(error)))
    }
  }

  /**
   * Ends a job. One whose event cannot be made or sent, now or later, ends as failed with that as its error: announced
   * if it can be, and otherwise without an event.
   *
   * @throws EmulatorError, or RequestFault `limit_exceeded`, when it can end later
   */
  #end(id: string, produced: Produced, uris?: readonly string[]): readonly DeliverySnapshot[] | undefined {
    try {
      return this.#commit(id, produced, (job) => this.#announce(job, produced.outcome.webhooks, uris))
    } catch (error) {
      if (isPassing(error)) throw error
      const failure = failed(new JobFailure(13, `The event of this job cannot be sent: ${messageOf(error)}`))
      try {
        return this.#commit(id, failure, (job) => this.#announce(job, undefined, uris))
      } catch (error) {
        if (isPassing(error)) throw error
        return this.#commit(id, failure, () => [])
      }
    }
  }

  /** Stores the end and opens its deliveries in one change: a job that has ended was announced. */
  #commit(
    id: string,
    produced: Produced,
    announce: (job: AnyJob) => readonly DeliverySnapshot[],
  ): readonly DeliverySnapshot[] | undefined {
    const { storage, clock, observer } = this.#options
    return storage.atomically(() => {
      const job = this.find(id)
      // It may have been cancelled or removed while its result was worked out.
      if (job === undefined || job.end !== undefined) return undefined
      const ended = this.#jobs.put({ ...job, end: endOf(produced, clock.now()) })
      const { state } = outcomeOf(job.kind, ended.end!.outcome)!
      const deliveries = announce(ended)
      storage.afterCommit(() => {
        this.#timers.cancel(id)
        observer({ type: 'job_finished', at: ended.end!.at, kind: job.kind, jobId: id, state })
      })
      return deliveries
    })
  }

  #announce(job: AnyJob, trouble: Outcome['webhooks'], uris = job.config.uris): readonly DeliverySnapshot[] {
    const type = outcomeOf(job.kind, job.end!.outcome)!.eventType
    if (type === undefined) return []
    const { uris: _, userMetadata, ...dynamic } = job.config
    const { error } = job.end!
    const data = {
      id: job.id,
      ...this.#types.get(job.kind)!.eventData(job),
      ...(error && { error_code: error.code, error_message: error.message }),
    }
    return this.#options.emit({ type, data, userMetadata, jobId: job.id, dynamic, trouble }, uris)
  }
}
