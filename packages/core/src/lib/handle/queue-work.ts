import type { ReceiverObserver } from '../observe/observer.ts'
import type { ProcessDelivery, SettledDelivery } from '../queue/queue.ts'
import type { QueuedDelivery } from '../queue/queued-delivery.ts'
import { WebhookConfigError, WebhookError, WebhookPayloadError } from '../shared/errors.ts'
import { tryMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, toError } from '../shared/refusal.ts'
import { isInstance } from '../shared/thrown.ts'
import { type Dispatcher, readDispatch } from './dispatch.ts'
import { toInfo } from './sink.ts'

/** How a receiver handles the deliveries of its queue. */
export interface QueueWork {
  /** Handles one delivery. */
  process: ProcessDelivery
  /** Reports the outcome of an attempt to the observer. */
  report(settled: SettledDelivery): void
}

/** Creates the functions with which a receiver works on its queue. */
export function createQueueWork(options: {
  dispatch: Dispatcher
  observe: ReceiverObserver
  endpoint: string
}): QueueWork {
  const { dispatch, observe, endpoint } = options
  const dispatches = new WeakMap<QueuedDelivery, Dispatched>()
  return {
    async process(message, context) {
      // Endpoints that share a queue must not handle each other's deliveries.
      if (message.endpoint !== endpoint) throw wrongEndpoint(message.endpoint)
      const dispatched = readDispatch(message, { ...context, key: message.key })
      if (isRefusal(dispatched)) throw toError(dispatched)
      const eventType = dispatched.event.type
      const handled = await tryMaybe(() => dispatch(dispatched), throwAsHandler)
      dispatches.set(message, { eventType, handled })
    },
    report: (settled) => report(settled, dispatches.get(settled.message), observe),
  }
}

function wrongEndpoint(endpoint: string): WebhookConfigError {
  return new WebhookConfigError(
    'option_invalid',
    `the queue has a delivery of another endpoint, "${endpoint}"; use a separate queue for each endpoint`,
  )
}

/** A `WebhookPayloadError` of a handler does not mean that the delivery itself is invalid. */
function throwAsHandler(error: unknown): never {
  if (!isInstance(error, WebhookPayloadError)) throw error
  throw new WebhookError('handler_failed', 'a handler threw a WebhookPayloadError', { cause: error })
}

interface Dispatched {
  eventType: string
  /** Whether any handler matched. */
  handled: boolean
}

function report(
  settled: SettledDelivery,
  dispatched: Dispatched | undefined,
  observe: ReceiverObserver,
): void {
  const { message, attempt, outcome } = settled
  const about = { delivery: toInfo(message), key: message.key, attempt }
  if (outcome === 'done') {
    const { eventType = '', handled = true } = dispatched ?? {}
    observe({ type: handled ? 'handled' : 'unhandled', ...about, eventType })
  }
  if (outcome === 'dead') observe({ type: 'dead', ...about, reason: settled.reason, error: settled.error })
  if (outcome === 'retry') observe({ type: 'failed', ...about, error: settled.error })
  if (outcome === 'lease_lost') observe({ type: 'lease_lost', ...about })
}
