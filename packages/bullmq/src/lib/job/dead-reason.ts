import type { DeadReason, FailedAttempt } from '@gwh/core/queue'
import type { Job } from 'bullmq'

/** What we keep in a job's `progress`, which BullMQ stores, dashboards show, and we do not use otherwise. */
export interface JobNotes {
  /** How often a dead letter was tried, because its count of starts is reset. */
  attempts?: number
  /** Its failed attempts, the oldest first. */
  history?: readonly FailedAttempt[]
  /** Whether it was handled before and runs again because of `replay`. */
  replay?: true
}

/** What BullMQ shows as the reason of a failed attempt, with our code in front. */
export function toFailedReason(reason: DeadReason, cause: { message: string } | undefined): string {
  const text = cause?.message
  return text ? `${reason}: ${text}` : reason
}

/** The code of a reason made by `toFailedReason`; a job that was failed by something else counts as `attempts`. */
export function toDeadReason(failedReason: string | undefined): DeadReason {
  const code = failedReason?.split(':')[0]
  return code === 'handler_rejected' || code === 'payload_invalid' ? code : 'attempts'
}

/** The fields of a job that is retried. */
export function toRetryFields(job: Job, history: readonly FailedAttempt[] = []): Record<string, unknown> {
  const failedReason = toFailedReason('attempts', history.at(-1)?.error)
  return { failedReason, progress: toProgress(job, { history }) }
}

/**
 * The fields of a job that becomes a dead letter. Its count of starts is reset, so that a retry in a dashboard also
 * gives it a new attempt budget.
 */
export function toDeadFields(
  job: Job,
  attempts: number,
  history: readonly FailedAttempt[] = [],
): Record<string, unknown> {
  return { ats: 0, progress: toProgress(job, { attempts, history }) }
}

/** The notes that `toRetryFields` or `toDeadFields` left in a job. */
export function readNotes({ progress }: Pick<Job, 'progress'>): JobNotes {
  return typeof progress === 'object' ? progress : {}
}

/** The notes of a delivery that is replayed. */
export function toReplayNotes(): JobNotes & object {
  return { replay: true }
}

function toProgress(job: Job, notes: JobNotes): string {
  const { replay } = readNotes(job)
  return JSON.stringify({ ...notes, ...(replay && { replay }) })
}
