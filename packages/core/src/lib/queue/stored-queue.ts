import { type Clock, systemClock } from '../shared/clock.ts'
import { checkMaxMs, drain } from './drain.ts'
import { createExclusiveRunner } from './exclusive-runner.ts'
import type { DeliveryQueue, ProcessDelivery, WorkOptions } from './queue.ts'
import type { QueueStorage } from './queue-storage.ts'
import { toWorkSettings } from './work-settings.ts'
import { startWorker, type WorkerDeps } from './worker.ts'

/** What a queue takes from its environment. */
export interface StoredQueueOptions {
  /** Default: the machine's clock. */
  clock?: Clock
  /** A number in [0, 1), for jitter. Default `Math.random`. */
  random?: () => number
}

/**
 * Makes a queue on any storage: it claims, renews, retries and dead-letters by one set of rules.
 *
 * @example
 * ```ts
 * export const createMyQueue = (db: MyDb) => createStoredQueue(createMyStorage(db))
 * ```
 */
export function createStoredQueue(storage: QueueStorage, options: StoredQueueOptions = {}): DeliveryQueue {
  const { clock = systemClock, random = Math.random } = options
  // Workers of this process look for a new delivery at once; those of other processes when they next poll.
  const wakers = new Set<() => void>()
  const runner: WorkerDeps['runner'] = createExclusiveRunner((terms) => storage.claim(terms))
  const wakeAll = () => {
    for (const wake of wakers) wake()
  }
  const toDeps = (process: ProcessDelivery, options?: WorkOptions): WorkerDeps => ({
    storage,
    settlement: storage,
    runner,
    clock,
    random,
    process,
    settings: toWorkSettings(options),
  })
  return {
    async enqueue(message) {
      const result = await storage.insert(message)
      if (result === 'enqueued') wakeAll()
      return result
    },
    work: (process, options) => startWorker(toDeps(process, options), wakers),
    async drain(process, options) {
      return await drain(toDeps(process, options), checkMaxMs(options?.maxMs))
    },
    stats: () => storage.stats(clock.now()),
    deadLetters: {
      list: (options) => storage.listDead(options?.limit ?? 100),
      async redrive(keyOrAll) {
        const redriven = await storage.redrive(keyOrAll, clock.now())
        if (redriven > 0) wakeAll()
        return redriven
      },
      purge: ({ olderThan }) => storage.purgeDead(olderThan),
    },
    isFull: () => storage.isFull?.() ?? false,
    close: () => storage.close(),
  }
}
