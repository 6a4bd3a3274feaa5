import { toCause, WebhookError, WebhookUnavailableError } from '@gwh/core/errors'

// BullMQ's codes for a write without the lock: the job is missing, unlocked, not active, or locked by another worker.
const LEASE_LOST_CODES = [-1, -2, -3, -6]

/** Whether BullMQ refused a write because this worker no longer holds the lock. */
export function isLeaseLost(error: unknown): boolean {
  return LEASE_LOST_CODES.includes((error as { code?: number } | undefined)?.code ?? 0)
}

/**
 * Turns anything that Redis, its client or BullMQ throws into a coded error; the sender should try again later.
 *
 * @param doing The operation, for the message: "enqueue", "read the dead letters"
 */
export function toUnavailable(error: unknown, doing: string): WebhookError {
  if (error instanceof WebhookError) return error
  const cause = toCause(error)
  return new WebhookUnavailableError('store_unavailable', `could not ${doing}: ${cause.message}`, { cause })
}

/** Runs a task on Redis and rejects with a coded error when it fails. */
export async function onRedis<T>(doing: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw toUnavailable(error, doing)
  }
}
