/**
 * What a receiver remembers: the idempotency store and the job ledger, their interfaces, and one of each in memory.
 *
 * @module
 */

export {
  type JobEnd,
  type JobKey,
  type JobLedger,
  LEDGER_SKEW_MS,
  type LedgerJob,
  type OpenJob,
  SETTLED_LIFE_MS,
  type TakeOptions,
} from './lib/store/job-ledger.ts'
export { createMemoryLedger } from './lib/store/memory-ledger.ts'
export { createMemoryStore, type MemoryStoreOptions } from './lib/store/memory-store.ts'
export type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from './lib/store/store.ts'
