import { type Sink, toStoreError } from '../handle/sink.ts'
import type { ProcessDelivery, QueueWorker, WorkOptions } from '../queue/queue.ts'
import { mapMaybe } from '../shared/maybe-promise.ts'
import { onDemand } from '../shared/on-demand.ts'
import type { QueueModeOptions } from './queue-mode.ts'

/** Queue mode, whose code is loaded with the first delivery. */
export interface LazyQueueMode {
  /** Stores a delivery in the queue. */
  sink: Sink
  /** Starts a worker that reports to the observer. `inTurn`: handles events of the same job one at a time. */
  work(options: WorkOptions, inTurn: boolean | undefined): QueueWorker
  /** Handles the deliveries that are due, and reports to the observer. */
  drain(options: WorkOptions & { maxMs?: number }): Promise<{ processed: number }>
}

/** Creates queue mode. The queue checks the options of `work` and `drain` at once. */
export function createLazyQueueMode(options: Omit<QueueModeOptions, 'hasWorked'>): LazyQueueMode {
  const { queue, observe } = options
  let hasWorked = false
  const load = onDemand(
    () => import('./queue-mode.ts'),
    ({ createQueueMode }) => createQueueMode({ ...options, hasWorked: () => hasWorked }),
  )
  const createProcess = (inTurn: boolean | undefined): ProcessDelivery => {
    let process: ProcessDelivery | undefined
    return async (message, context) => {
      const mode = await load()
      process ??= inTurn ? mode.processInTurn() : mode.process
      await process(message, context)
    }
  }
  const watch = <T extends WorkOptions>(given: T): T => ({
    ...given,
    onSettled: (settled) =>
      mapMaybe(load(), ({ report }) => {
        report(settled)
        return given.onSettled?.(settled)
      }),
    onError(error) {
      observe({ type: 'fault', code: 'store_unavailable', error: toStoreError(error) })
      return given.onError?.(error)
    },
  })
  return {
    sink: (delivery, key) => mapMaybe(load(), ({ sink }) => sink(delivery, key)),
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
