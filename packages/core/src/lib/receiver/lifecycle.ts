import type { QueueWorker } from '../queue/queue.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { finallyMaybe, type MaybePromise } from '../shared/maybe-promise.ts'

/** Options of `Receiver.close`. */
export interface CloseOptions {
  /** How long to wait for running deliveries and drains, in milliseconds. Default: until they are done. */
  timeoutMs?: number
}

/** Tracks the running work of a receiver and closes its queue or store. */
export interface Lifecycle {
  /** Whether `close` has been called. */
  isClosed(): boolean
  /** Runs a task that `close` waits for. */
  run<T>(task: () => MaybePromise<T>): MaybePromise<T>
  /** Adds a worker that `close` stops. The returned worker can also be stopped earlier, and more than once. */
  addWorker(worker: QueueWorker): QueueWorker
  /** Whether a worker is running. */
  hasWorker(): boolean
  /** Stops workers, waits for running tasks, then closes the queue or store. Safe to call twice. */
  close(options?: CloseOptions): Promise<void>
}

/** The part of a queue or store that closes it. */
interface Closable {
  close?(): Promise<void>
}

// Receivers in one process may share a queue, and only the last one to close may close it.
const users = new WeakMap<Closable, number>()

/**
 * Creates the lifecycle of one receiver.
 *
 * @param keeper The receiver's queue or store
 * @param onFault Called if the keeper cannot be closed, before `close` rejects. Default: nothing
 */
export function createLifecycle(
  keeper: Closable,
  clock: Clock = systemClock,
  onFault: (error: unknown) => void = () => {},
): Lifecycle {
  users.set(keeper, (users.get(keeper) ?? 0) + 1)
  const workers = new Set<QueueWorker>()
  let runningTasks = 0
  let closing: Promise<void> | undefined
  let onIdle = () => {}

  const end = () => {
    runningTasks--
    if (runningTasks === 0) onIdle()
  }
  const close = async ({ timeoutMs }: CloseOptions) => {
    await Promise.all([...workers].map((worker) => worker.stop()))
    if (runningTasks > 0) await waitUntilIdle(timeoutMs)
    const left = users.get(keeper)! - 1
    users.set(keeper, left)
    if (left === 0) await closeKeeper()
  }
  const closeKeeper = async () => {
    try {
      await keeper.close?.()
    } catch (error) {
      onFault(error)
      throw error
    }
  }
  const waitUntilIdle = async (timeoutMs: number | undefined) => {
    const { promise: idle, resolve } = Promise.withResolvers<void>()
    onIdle = resolve
    const cancel = timeoutMs === undefined ? () => {} : clock.schedule(resolve, timeoutMs)
    await idle
    cancel()
  }
  return {
    isClosed: () => closing !== undefined,
    run(task) {
      runningTasks++
      return finallyMaybe(task, end)
    },
    addWorker(worker) {
      let stopped: Promise<void> | undefined
      const added: QueueWorker = {
        stop() {
          stopped ??= worker.stop().finally(() => workers.delete(added))
          return stopped
        },
      }
      workers.add(added)
      return added
    },
    hasWorker: () => workers.size > 0,
    close(options = {}) {
      closing ??= close(options)
      return closing
    },
  }
}
