import type { EventHandler } from '@gwh/core'
import { checkNames } from '@gwh/core/options'
import type { DeliveryQueue } from '@gwh/core/queue'

/** Options of `forwardToQueue`. */
export interface ForwardToQueueOptions {
  /** The endpoint name of the receiver that works on the queue. Default `default`. */
  endpoint?: string
  /** The current time, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/**
 * Creates a handler that puts an event into another queue, where a receiver with this queue and endpoint handles it with
 * its own concurrency, retries and dead letters. The job token is removed. An event that is forwarded again is a
 * duplicate there.
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
  return async (event, { key, delivery }) => {
    const body = new TextEncoder().encode(JSON.stringify(event.raw))
    await queue.enqueue({ ...delivery, key, endpoint, receivedAt: now(), body })
  }
}
