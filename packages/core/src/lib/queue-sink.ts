import { ACCEPTED, DUPLICATE } from './answer.ts'
import { type Dispatcher, readDispatch } from './dispatch.ts'
import type { DeliveryInfo, ReceiverObserver } from './observer.ts'
import type { DeliveryQueue, ProcessDelivery, QueuedDelivery, SettledDelivery, WorkOptions } from './queue.ts'
import { isRefusal, toError } from './refusal.ts'
import { fromStore, type Sink } from './sink.ts'

/** Acknowledges a delivery as soon as the queue has it for good; what the body says does not matter yet. */
export function createQueueSink(options: {
  queue: DeliveryQueue
  endpoint: string
  now: () => number
  observe: ReceiverObserver
}): Sink {
  const { queue, endpoint, now, observe } = options
  return async (delivery, key) => {
    const enqueued = await fromStore(() => queue.enqueue({ ...delivery, key, endpoint, receivedAt: now() }))
    const accepted = enqueued === 'enqueued'
    observe({ type: accepted ? 'accepted' : 'duplicate', delivery: toInfo(delivery), key })
    return accepted ? ACCEPTED : DUPLICATE
  }
}

/**
 * Turns a queued delivery back into an event and runs its handlers.
 *
 * @throws WebhookPayloadError `payload_invalid`, so that the queue gives it up at once
 */
export function createProcess(dispatch: Dispatcher, observe: ReceiverObserver): ProcessDelivery {
  return async (message, context) => {
    const { attempt } = context
    const dispatched = readDispatch(message, { ...context, key: message.key })
    if (isRefusal(dispatched)) throw toError(dispatched)
    await dispatch(dispatched)
    const { key } = message
    observe({ type: 'handled', delivery: toInfo(message), key, eventType: dispatched.event.type, attempt })
  }
}

/** The caller's work options, with the receiver's observer listening too. */
export function observeWork(options: WorkOptions, observe: ReceiverObserver): WorkOptions {
  return {
    ...options,
    onSettled(settled) {
      report(settled, observe)
      options.onSettled?.(settled)
    },
    onError(error) {
      observe({ type: 'fault', code: 'store_unavailable', error })
      options.onError?.(error)
    },
  }
}

function report(settled: SettledDelivery, observe: ReceiverObserver): void {
  const { message, attempt } = settled
  const about = { delivery: toInfo(message), key: message.key, attempt }
  if (settled.outcome === 'dead')
    observe({ type: 'dead', ...about, reason: settled.reason, error: settled.error })
  if (settled.outcome === 'retry') observe({ type: 'failed', ...about, error: settled.error })
}

export function toInfo({ id, scheme, keyId }: Pick<QueuedDelivery, 'id' | 'scheme' | 'keyId'>): DeliveryInfo {
  return { id, scheme, ...(keyId !== undefined && { keyId }) }
}
