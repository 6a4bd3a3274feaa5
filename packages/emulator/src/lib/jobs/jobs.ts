import type { Fields, WebhookConfig } from '../http/fields.ts'
import type { Timer } from '../shared/clock.ts'
import type { JobKind } from '../shared/signals.ts'
import type { EmulatorState } from '../state/state.ts'

/** What all kinds of job have in common. */
export interface Job {
  /** `batches/<id>` or the interaction's id, as events name it. */
  readonly id: string
  readonly kind: JobKind
  readonly config: WebhookConfig
  /** Epoch milliseconds of the emulator's clock. */
  readonly createdAt: number
  /** When it ended; absent while it runs. */
  endedAt?: number
  timer?: Timer
}

/** How a job ended: the event, and the state as the job's own API names it. */
export interface JobEnd {
  readonly eventType: string
  readonly state: string
  /** Fields of the event's `data` besides the id. */
  readonly data?: Fields
}

/** Starts the job's timer; `onDue` is called when its time is up. */
export function startJob(state: EmulatorState, job: Job, durationMs: number, onDue: () => void): void {
  state.settings.observer({ type: 'job_created', at: job.createdAt, kind: job.kind, jobId: job.id })
  job.timer = state.clock.schedule(job.createdAt + durationMs, onDue)
}

/** Ends the job and emits its event. Only the first end counts. */
export function endJob(state: EmulatorState, job: Job, end: JobEnd): boolean {
  if (job.endedAt !== undefined) return false
  dropJob(state, job)
  const at = state.clock.now()
  job.endedAt = at
  state.settings.observer({ type: 'job_finished', at, kind: job.kind, jobId: job.id, state: end.state })
  const data = { id: job.id, ...end.data }
  const { uris, userMetadata } = job.config
  state.emit({ type: end.eventType, data, userMetadata, jobId: job.id }, uris)
  return true
}

/** Cancels the job's timer, so that it never ends. */
export function dropJob(state: EmulatorState, job: Job): void {
  if (job.timer !== undefined) state.clock.cancel(job.timer)
}
