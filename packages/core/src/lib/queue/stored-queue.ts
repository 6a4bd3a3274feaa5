import { type Clock, systemClock } from '../shared/clock.ts'
import { drain } from './drain.ts'
import { createExclusiveRunner } from './exclusive-runner.ts'
import { createInFlight } from './in-flight.ts'
import {
  checkListOptions,
  checkPurgeOptions,
  checkReplayTarget,
  checkTarget,
  toDeadLetterLimit,
  toDrainLimit,
} from './query-arguments.ts'
import type { DeliveryQueue, ProcessDelivery, WorkOptions } from './queue.ts'
import type { QueueStorage } from './queue-storage.ts'
import { replay } from './replay.ts'
import { toDeadLetter, toRecord } from './to-record.ts'
import { toWorkSettings } from './work-settings.ts'
import { startWorker, type WorkerDeps } from './worker.ts'

/** Options of `createStoredQueue`. */
export interface StoredQueueOptions {
  /** Default: the system clock. */
  clock?: Clock
  /** A number in [0, 1), for jitter. Default `Math.random`. */
  random?: () => number
}

/**
 * Creates a queue on any storage. All such queues share the same rules for claims, leases, retries and dead letters.
 *
 * @example
 * ```ts
 * export const createMyQueue = (db: MyDb) => createStoredQueue(createMyStorage(db))
 * ```
 */
export function createStoredQueue(storage: QueueStorage, options: StoredQueueOptions = {}): DeliveryQueue {
  const { clock = systemClock, random = Math.random } = options
  // A new delivery wakes the workers of this process; other processes find it with their next poll.
  const wakers = new Set<() => void>()
  const inFlight = createInFlight()
  const runner: WorkerDeps['runner'] = createExclusiveRunner(async ({ limit, leaseMs, alone }) => {
    await inFlight.refresh()
    const now = clock.now()
    return await storage.claim({ limit, now, leaseUntil: now + leaseMs, alone, exclude: inFlight.keys() })
  })
  const wakeAll = () => {
    for (const wake of wakers) wake()
  }
  const waking = async (count: Promise<number>) => {
    if ((await count) > 0) wakeAll()
    return await count
  }
  const toDeps = (process: ProcessDelivery, options?: WorkOptions): WorkerDeps => ({
    storage,
    settlement: storage,
    runner,
    inFlight,
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
      return await drain(toDeps(process, options), toDrainLimit(options?.maxMs))
    },
    stats: () => storage.stats(clock.now()),
    deadLetters: {
      list: async (options) => (await storage.listDead(toDeadLetterLimit(options))).map(toDeadLetter),
      async redrive(target) {
        checkTarget(target)
        return await waking(storage.redrive(target, clock.now()))
      },
      async purge(options) {
        checkPurgeOptions(options)
        return await storage.purgeDead(options.olderThan)
      },
    },
    list: async (options) => (await storage.list(checkListOptions(options))).map(toRecord),
    async get(keyOrWebhookId) {
      checkTarget(keyOrWebhookId)
      const stored = await storage.get(keyOrWebhookId)
      return stored && toRecord(stored)
    },
    async replay(target) {
      checkReplayTarget(target)
      return await waking(replay(storage, target, clock.now()))
    },
    isFull: () => storage.isFull?.() ?? false,
    whyFull: () => storage.whyFull?.(),
    close: () => storage.close(),
  }
}
