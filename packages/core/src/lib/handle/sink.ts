import type { Answer } from '../http/answer.ts'
import type { DeliveryInfo } from '../observe/observer.ts'
import type { QueuedDelivery } from '../queue/queued-delivery.ts'
import { toCause } from '../shared/cause.ts'
import { WebhookError, WebhookUnavailableError } from '../shared/errors.ts'
import { fromOthers, type MaybePromise, tryMaybe } from '../shared/maybe-promise.ts'
import { isInstance } from '../shared/thrown.ts'
import type { VerifiedDelivery } from '../verify/verify.ts'

/** A verified and authorised delivery, or one of our own (`local`), which nobody sent or signed. */
export type SinkDelivery = Omit<VerifiedDelivery, 'scheme'> & { scheme: VerifiedDelivery['scheme'] | 'local' }

/** Processes a delivery: stores it in a queue or runs its handlers. */
export type Sink = (delivery: SinkDelivery, key: string) => MaybePromise<Answer>

/**
 * Calls a store or queue and converts its errors, so that the sender retries.
 *
 * @throws WebhookUnavailableError `store_unavailable`, or the code of the store's own error
 */
export function fromStore<T>(call: () => MaybePromise<T>): MaybePromise<T> {
  return tryMaybe(
    () => fromOthers(call()),
    (error) => {
      throw toStoreError(error)
    },
  )
}

/** Converts what a store or queue threw to an error with a code and without secrets. */
export function toStoreError(error: unknown): WebhookError {
  if (isInstance(error, WebhookError) && error.status === 503) return error
  const cause = toCause(error)
  return new WebhookUnavailableError('store_unavailable', 'the store or queue failed', { cause })
}

/** Returns the part of a delivery that identifies it in signals. */
export function toInfo({ id, scheme, keyId }: Pick<QueuedDelivery, 'id' | 'scheme' | 'keyId'>): DeliveryInfo {
  return keyId === undefined ? { id, scheme } : { id, scheme, keyId }
}
