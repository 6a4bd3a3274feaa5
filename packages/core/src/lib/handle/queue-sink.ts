import { ACCEPTED, DUPLICATE } from '../http/answer.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { DeliveryQueue } from '../queue/queue.ts'
import { mapMaybe } from '../shared/maybe-promise.ts'
import { fromStore, type Sink, toInfo } from './sink.ts'

/** Creates a sink that acknowledges a delivery when the queue has stored it, without parsing its body. */
export function createQueueSink(options: {
  queue: DeliveryQueue
  endpoint: string
  now: () => number
  observe: ReceiverObserver
  /** Called for each delivery that is new. */
  onAccepted: () => void
}): Sink {
  const { queue, endpoint, now, observe, onAccepted } = options
  return (delivery, key) =>
    mapMaybe(
      fromStore(() => queue.enqueue({ ...delivery, key, endpoint, receivedAt: now() })),
      (enqueued) => {
        const accepted = enqueued === 'enqueued'
        observe({ type: accepted ? 'accepted' : 'duplicate', delivery: toInfo(delivery), key })
        if (accepted) onAccepted()
        return accepted ? ACCEPTED : DUPLICATE
      },
    )
}
