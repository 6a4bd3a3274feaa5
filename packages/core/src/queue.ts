/**
 * The durable queue: its interface, its worker, and a queue in memory.
 *
 * @module
 */

export { createExclusiveRunner, type ExclusiveRunner } from './lib/queue/exclusive-runner.ts'
export { createMemoryQueue, createMemoryStorage } from './lib/queue/memory-queue.ts'
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
} from './lib/queue/queue.ts'
export type { ClaimTerms, QueueStorage } from './lib/queue/queue-storage.ts'
export type { Lease, LeasedDelivery, Settlement } from './lib/queue/settlement.ts'
export { createStoredQueue, type StoredQueueOptions } from './lib/queue/stored-queue.ts'
export { type TryDeps, tryDelivery, WorkerStopped } from './lib/queue/try-delivery.ts'
export { toWorkSettings, type WorkSettings } from './lib/queue/work-settings.ts'
export { type Clock, systemClock } from './lib/shared/clock.ts'
