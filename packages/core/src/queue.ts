export { type Clock, systemClock } from './lib/clock.ts'
export { createFloor, type Floor } from './lib/floor.ts'
export { createMemoryQueue, createMemoryStorage } from './lib/memory-queue.ts'
export type {
  DeadLetter,
  DeadLetters,
  DeadReason,
  DeliveryQueue,
  Effect,
  EffectDatabase,
  EffectValue,
  ProcessContext,
  ProcessDelivery,
  QueuedDelivery,
  QueueStats,
  QueueWorker,
  SettledDelivery,
  WorkOptions,
} from './lib/queue.ts'
export type { Lease, LeasedDelivery, QueueStorage } from './lib/queue-storage.ts'
export { createStoredQueue, type StoredQueueOptions } from './lib/stored-queue.ts'
