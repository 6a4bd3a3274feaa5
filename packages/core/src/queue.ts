/**
 * The durable queue: its interface, its worker, and a queue in memory.
 *
 * @module
 */

export type {
  DeadLetter,
  DeadReason,
  DeliveryRecord,
  DeliveryState,
  FailedAttempt,
  RecordedError,
} from './lib/queue/delivery-record.ts'
export { createExclusiveRunner, type ExclusiveRunner } from './lib/queue/exclusive-runner.ts'
export { createInFlight, type InFlight } from './lib/queue/in-flight.ts'
export type { LongestSpan } from './lib/queue/longest-span.ts'
export { createMemoryQueue, type MemoryQueueOptions } from './lib/queue/memory-queue.ts'
export { createMemoryStorage, type MemoryStorageOptions } from './lib/queue/memory-storage.ts'
export {
  checkListOptions,
  checkPurgeOptions,
  checkReplayTarget,
  checkTarget,
  toDeadLetterLimit,
  toDrainLimit,
} from './lib/queue/query-arguments.ts'
export type {
  DeadLetters,
  DeliveryQueue,
  Effect,
  EffectDatabase,
  EffectValue,
  ListOptions,
  ProcessContext,
  ProcessDelivery,
  QueueStats,
  QueueWorker,
  ReplayFilter,
  SettledDelivery,
  WorkOptions,
} from './lib/queue/queue.ts'
export type { ClaimTerms, QueueStorage } from './lib/queue/queue-storage.ts'
export type { QueuedDelivery } from './lib/queue/queued-delivery.ts'
export { WorkerStopped } from './lib/queue/retry-policy.ts'
export type { Lease, LeasedDelivery, Settlement } from './lib/queue/settlement.ts'
export { createStoredQueue, type StoredQueueOptions } from './lib/queue/stored-queue.ts'
export { type StoredDelivery, toDeadLetter, toRecord } from './lib/queue/to-record.ts'
export { type TryDeps, tryDelivery } from './lib/queue/try-delivery.ts'
export { toWorkSettings, type WorkSettings } from './lib/queue/work-settings.ts'
export { type Clock, monotonicNow, systemClock } from './lib/shared/clock.ts'
export { CLOCK_SLACK_MS, type SeenClock, seeClock } from './lib/shared/clock-agreement.ts'
