import { systemClock } from '../shared/clock.ts'
import { createMemoryStorage, type MemoryStorageOptions } from './memory-storage.ts'
import type { DeliveryQueue } from './queue.ts'
import { createStoredQueue, type StoredQueueOptions } from './stored-queue.ts'

/** What a queue in memory takes. */
export interface MemoryQueueOptions extends StoredQueueOptions, MemoryStorageOptions {}

/**
 * Makes a queue in this process's memory, for development and tests.
 *
 * It loses everything with its process, acknowledged deliveries among it; use `@gwh/store-sqlite` or `@gwh/bullmq` in
 * production. It remembers handled deliveries for 72 hours.
 */
export function createMemoryQueue(options: MemoryQueueOptions = {}): DeliveryQueue {
  const { clock = systemClock, retainBodies } = options
  return createStoredQueue(createMemoryStorage(clock, { ...(retainBodies && { retainBodies }) }), options)
}
