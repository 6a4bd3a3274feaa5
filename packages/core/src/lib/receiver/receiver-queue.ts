import { type Sink, toStoreError } from '../handle/sink.ts'
import type { ProcessDelivery, QueueWorker, WorkOptions } from '../queue/queue.ts'
import { createQueueMode, type QueueModeOptions } from './queue-mode.ts'

/** Queue mode, with the observer and the state of one receiver. */
export interface ReceiverQueue {
  /** Stores a delivery in the queue. */
  sink: Sink
  /** Starts a worker that reports to the observer. `inTurn`: handles events of the same job one at a time. */
  work(options: WorkOptions, inTurn: boolean | undefined): QueueWorker
  /** Handles the deliveries that are due, and reports to the observer. */
  drain(options: WorkOptions & { maxMs?: number }): Promise<{ processed: number }>
}

/** Creates queue mode. The queue checks the options of `work` and `drain` at once. */
export function createReceiverQueue(options: Omit<QueueModeOptions, 'hasWorked'>): ReceiverQueue {
  const { queue, observe } = options
  let hasWorked = false
  const mode = createQueueMode({ ...options, hasWorked: () => hasWorked })
  const createProcess = (inTurn: boolean | undefined): ProcessDelivery => {
    return inTurn ? mode.processInTurn() : mode.process
  }
  const watch = <T extends WorkOptions>(given: T): T => ({
    ...given,
    onSettled(settled) {
      mode.report(settled)
      return given.onSettled?.(settled)
    },
    onError(error) {
      observe({ type: 'fault', code: 'store_unavailable', error: toStoreError(error) })
      return given.onError?.(error)
    },
  })
  return {
    sink: mode.sink,
    work(options, inTurn) {
      hasWorked = true
      return queue.work(createProcess(inTurn), watch(options))
    },
    drain(options) {
      hasWorked = true
      return queue.drain(createProcess(false), watch(options))
    },
  }
}
