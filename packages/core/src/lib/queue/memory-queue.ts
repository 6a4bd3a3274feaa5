import { systemClock } from '../shared/clock.ts'
import { createMemoryStorage, type MemoryStorageOptions } from './memory-storage.ts'
import type { DeliveryQueue } from './queue.ts'
import { createStoredQueue, type StoredQueueOptions } from './stored-queue.ts'

/** Options of `createMemoryQueue`. */
export interface MemoryQueueOptions extends StoredQueueOptions, MemoryStorageOptions {}

/**
 * Creates a queue in memory, for development and tests.
 *
 * All deliveries, including acknowledged ones, are lost with the process; use `@gwh/store-sqlite` or `@gwh/bullmq` in
 * production. Remembers handled deliveries for 72 hours.
 */
export function createMemoryQueue(options: MemoryQueueOptions = {}): DeliveryQueue {
  const { clock = systemClock, retainBodies } = options
  return createStoredQueue(createMemoryStorage(clock, { ...(retainBodies && { retainBodies }) }), options)
}
