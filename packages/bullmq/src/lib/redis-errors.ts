import { toCause, WebhookError, WebhookUnavailableError } from '@gwh/core/errors'

// BullMQ's answers to a write whose lock is gone: the job is missing, unlocked, not active, or locked by another.
const LEASE_LOST_CODES = [-1, -2, -3, -6]

/** Whether BullMQ refused a write because the job is no longer this worker's. */
export function isLeaseLost(error: unknown): boolean {
  return LEASE_LOST_CODES.includes((error as { code?: number } | undefined)?.code ?? 0)
}

/**
 * The coded form of anything Redis, its client or BullMQ throws: the sender should try again later.
 *
 * @param doing What was attempted, for the message: "enqueue", "read the dead letters"
 */
export function toUnavailable(error: unknown, doing: string): WebhookError {
  if (error instanceof WebhookError) return error
  const cause = toCause(error)
  return new WebhookUnavailableError('store_unavailable', `could not ${doing}: ${cause.message}`, { cause })
}

/** Runs a task on Redis; whatever it throws comes out coded. */
export async function onRedis<T>(doing: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw toUnavailable(error, doing)
  }
}
