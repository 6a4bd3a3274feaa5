import { readEvent } from '../events/event.ts'
import type { Dispatcher } from '../handle/dispatch.ts'
import { createQueueSink } from '../handle/queue-sink.ts'
import { createQueueWork } from '../handle/queue-work.ts'
import { type Sink, toStoreError } from '../handle/sink.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { DeliveryQueue, QueueWorker, WorkOptions } from '../queue/queue.ts'
import type { QueuedDelivery } from '../queue/queued-delivery.ts'
import { serialise } from '../queue/serial.ts'
import type { Clock } from '../shared/clock.ts'
import { isRefusal } from '../shared/refusal.ts'
import { reportHeldDeliveries } from './held-deliveries.ts'
import { createIdleQueueProbe } from './idle-queue.ts'

/** What a receiver does with its queue. */
export interface QueueMode {
  /** Stores a delivery in the queue. */
  sink: Sink
  /** Starts a worker that reports to the observer. `inTurn`: handles events of the same job one at a time. */
  work(options: WorkOptions, inTurn: boolean | undefined): QueueWorker
  /** Handles the deliveries that are due, and reports to the observer. */
  drain(options: WorkOptions & { maxMs?: number }): Promise<{ processed: number }>
}

/** What queue mode is built from. */
export interface QueueModeOptions {
  queue: DeliveryQueue
  endpoint: string
  dispatch: Dispatcher
  observe: ReceiverObserver
  now: () => number
  clock: Clock
}

/** Creates queue mode. The queue checks the options of `work` and `drain` at once. */
export function createQueueMode(options: QueueModeOptions): QueueMode {
  const { queue, observe, now, clock } = options
  const warn = (code: string) => (message: string) => observe({ type: 'warning', code, message })
  let hasWorked = false
  let hasWorker = false
  const onAccepted = createIdleQueueProbe(queue, clock, () => hasWorked, warn('queue_not_worked'))
  const { process, report } = createQueueWork(options)
  const watch = <T extends WorkOptions>(given: T): T => ({
    ...given,
    onSettled(settled) {
      report(settled)
      return given.onSettled?.(settled)
    },
    onError(error) {
      observe({ type: 'fault', code: 'store_unavailable', error: toStoreError(error) })
      return given.onError?.(error)
    },
  })
  return {
    sink: createQueueSink({ ...options, onAccepted }),
    work(given, inTurn) {
      // Asked before the worker claims any.
      if (!hasWorker) reportHeldDeliveries(queue, now, given.leaseMs, warn('queue_in_progress'))
      const worker = queue.work(inTurn ? serialise(process, jobOf) : process, watch(given))
      hasWorked = true
      hasWorker = true
      return worker
    },
    drain(given) {
      hasWorked = true
      return queue.drain(process, watch(given))
    },
  }
}

function jobOf({ body }: QueuedDelivery): string | undefined {
  const event = readEvent(body)
  return isRefusal(event) ? undefined : event.id
}
