/**
 * The page itself and what it reads, for the emulator. Applications use `createDashboard`.
 *
 * @module
 */

export { createPage, type Page, type PageOptions } from './lib/assets/page.ts'
export type {
  AboutEmulator,
  AttemptSignature,
  DeliveryMatches,
  DeliveryRequestCopy,
  DeliverySummary,
  JobDetail,
  JobSummary,
  SignatureEntry,
} from './lib/protocol/emulator.ts'
export type { QueueCounts, QueueEntry, QueueEntryState, QueuePage } from './lib/protocol/queue.ts'
export { createQueueApi, type InspectableQueue, type QueueApi } from './lib/queue/queue-api.ts'
