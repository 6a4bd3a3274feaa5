import type { EventHandler, HandlerContext } from '@gwh/core'
import { checkNames } from '@gwh/core/options'
import type { DeliveryQueue } from '@gwh/core/queue'
import { sha256Hex } from '../shared/sha256.ts'

/** Options of `forwardToQueue`. */
export interface ForwardToQueueOptions {
  /** The endpoint name of the receiver that works on the queue. Default `default`. */
  endpoint?: string
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/**
 * Creates a handler that puts an event into another queue, where a receiver with this queue and endpoint handles it with
 * its own concurrency, retries and dead letters. The job token is removed.
 *
 * An event has one key per endpoint: one that is forwarded again, by this receiver or another, or that the endpoint has
 * received itself, is a duplicate there. Give each endpoint a queue of its own, in a database file or under a Redis
 * prefix of its own: workers that share one also take deliveries of the other endpoint, which costs those an attempt.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * receiver.on({ metadata: { priority: 'high' } }, forwardToQueue(urgent, { endpoint: 'urgent' }))
 * ```
 */
export function forwardToQueue(queue: DeliveryQueue, options: ForwardToQueueOptions = {}): EventHandler {
  checkNames(options, ['endpoint', 'now'], 'forwardToQueue()')
  const { endpoint = 'default', now = Date.now } = options
  return async (event, { delivery }) => {
    const body = new TextEncoder().encode(JSON.stringify(event.raw))
    const key = await toKey(endpoint, delivery, body)
    await queue.enqueue({ ...delivery, key, endpoint, receivedAt: now(), body })
  }
}

/**
 * The key of a delivery at another endpoint. That of the source would make it a duplicate of itself where both share a
 * database.
 */
async function toKey(
  endpoint: string,
  { id, scheme, jwt }: HandlerContext['delivery'],
  body: Uint8Array<ArrayBuffer>,
): Promise<string> {
  // Like the key that the endpoint's own receiver gives to a delivery.
  if (scheme !== 'local' && !jwt) return await sha256Hex(`${endpoint}\0${id}`)
  // A token does not sign the id, and two receivers may emit different events under one id. So the content counts too.
  const content = await sha256Hex(body)
  return await sha256Hex(`${endpoint}\0forward ${content} ${jwt ? '' : id}`)
}
