import { readEvent } from '../events/event.ts'
import type { Dispatcher } from '../handle/dispatch.ts'
import { createQueueSink } from '../handle/queue-sink.ts'
import { createQueueWork } from '../handle/queue-work.ts'
import type { Sink } from '../handle/sink.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { DeliveryQueue, ProcessDelivery, SettledDelivery } from '../queue/queue.ts'
import type { QueuedDelivery } from '../queue/queued-delivery.ts'
import { serialise } from '../queue/serial.ts'
import type { Clock } from '../shared/clock.ts'
import { isRefusal } from '../shared/refusal.ts'
import { createIdleQueueProbe } from './idle-queue.ts'

/** What a receiver does with the deliveries of its queue. */
export interface QueueMode {
  /** Stores a delivery in the queue. */
  sink: Sink
  /** Handles one delivery. */
  process: ProcessDelivery
  /** Returns a function like `process` that handles events of the same job one at a time. */
  processInTurn(): ProcessDelivery
  /** Reports the outcome of an attempt to the observer. */
  report(settled: SettledDelivery): void
}

/** What queue mode is built from. */
export interface QueueModeOptions {
  queue: DeliveryQueue
  endpoint: string
  dispatch: Dispatcher
  observe: ReceiverObserver
  now: () => number
  clock: Clock
  /** Whether this receiver has started a worker or a drain. */
  hasWorked: () => boolean
}

/** Creates queue mode. */
export function createQueueMode(options: QueueModeOptions): QueueMode {
  const { queue, observe, clock, hasWorked } = options
  const warn = (message: string) => observe({ type: 'warning', code: 'queue_not_worked', message })
  const onAccepted = createIdleQueueProbe(queue, clock, hasWorked, warn)
  const { process, report } = createQueueWork(options)
  return {
    sink: createQueueSink({ ...options, onAccepted }),
    process,
    processInTurn: () => serialise(process, jobOf),
    report,
  }
}

function jobOf({ body }: QueuedDelivery): string | undefined {
  const event = readEvent(body)
  return isRefusal(event) ? undefined : event.id
}
