import type { Answer } from '../http/answer.ts'
import { toCause } from '../shared/cause.ts'
import { WebhookError, WebhookUnavailableError } from '../shared/errors.ts'
import type { VerifiedDelivery } from '../verify/verify.ts'

/** Where a verified and authorised delivery goes: into a queue, or to its handlers. */
export type Sink = (delivery: VerifiedDelivery, key: string) => Promise<Answer>

/**
 * Waits for a store or queue. Whatever it fails with, the delivery counts as not taken: the sender retries.
 *
 * @throws WebhookUnavailableError `store_unavailable`, or the store's own coded error
 */
export async function fromStore<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toStoreError(error)
  }
}

/** The coded form of whatever a store or queue threw, without anything secret it may hold. */
export function toStoreError(error: unknown): WebhookError {
  if (error instanceof WebhookError && error.status === 503) return error
  const cause = toCause(error)
  return new WebhookUnavailableError('store_unavailable', 'the store or queue failed', { cause })
}
