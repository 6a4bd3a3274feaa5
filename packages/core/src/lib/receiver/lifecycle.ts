import type { QueueWorker } from '../queue/queue.ts'
import { type Clock, systemClock } from '../shared/clock.ts'

/** How a receiver is closed. */
export interface CloseOptions {
  /** How long to wait for deliveries and drains under way, in milliseconds. Default: until they are done. */
  timeoutMs?: number
}

/** Follows what a receiver has under way, and closes what it keeps deliveries in. */
export interface Lifecycle {
  /** Whether `close` has been called. */
  isClosed(): boolean
  /** Runs a task that `close` waits for. */
  run<T>(task: () => Promise<T>): Promise<T>
  /** Adds a worker that `close` stops. The result stops it too, and is safe to call twice. */
  addWorker(worker: QueueWorker): QueueWorker
  /** Whether a worker is running. */
  hasWorker(): boolean
  close(options?: CloseOptions): Promise<void>
}

/** A queue or store, as far as closing it goes. */
interface Closable {
  close?(): Promise<void>
}

// Receivers of one process may share a queue: only the last of them may close it.
const users = new WeakMap<Closable, number>()

/** @param keeper The receiver's queue or store */
export function createLifecycle(keeper: Closable, clock: Clock = systemClock): Lifecycle {
  users.set(keeper, (users.get(keeper) ?? 0) + 1)
  const workers = new Set<QueueWorker>()
  let underWay = 0
  let closing: Promise<void> | undefined
  let onIdle = () => {}

  const close = async ({ timeoutMs }: CloseOptions) => {
    await Promise.all([...workers].map((worker) => worker.stop()))
    if (underWay > 0) await waitUntilIdle(timeoutMs)
    const left = users.get(keeper)! - 1
    users.set(keeper, left)
    if (left === 0) await keeper.close?.()
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
    async run(task) {
      underWay++
      try {
        return await task()
      } finally {
        underWay--
        if (underWay === 0) onIdle()
      }
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
