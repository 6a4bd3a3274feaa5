import type { DeadReason } from '@gwh/core/queue'
import type { Job } from 'bullmq'

/** What BullMQ shows as the reason of a failed try; the code in front is ours. */
export function toFailedReason(reason: DeadReason, cause: { message: string } | undefined): string {
  const text = cause?.message
  return text ? `${reason}: ${text}` : reason
}

/** The code of a reason made by `toFailedReason`; a job that somebody else failed counts as tried often enough. */
export function toDeadReason(failedReason: string | undefined): DeadReason {
  const code = failedReason?.split(':')[0]
  return code === 'handler_rejected' || code === 'payload_invalid' ? code : 'attempts'
}

/**
 * What a job is given when it dies: its count of starts begins anew, so that a dashboard's retry, too, gives it a
 * new attempt budget; how often it was tried is noted as its progress, which we have no other use for.
 */
export function toBuriedFields(attempts: number): Record<string, unknown> {
  return { ats: 0, progress: JSON.stringify({ attempts }) }
}

/** How often a dead letter was tried. */
export function toAttempts({ progress, attemptsStarted }: Pick<Job, 'progress' | 'attemptsStarted'>): number {
  const noted = typeof progress === 'object' && 'attempts' in progress ? progress.attempts : undefined
  return typeof noted === 'number' ? noted : attemptsStarted
}
