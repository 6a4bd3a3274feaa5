/**
 * A durable queue, an idempotency store and a job ledger on `node:sqlite`.
 *
 * @module
 */

export type { DatabaseOptions } from './lib/database/connection.ts'
export type { CapacityOptions } from './lib/limits/capacity.ts'
export type { Purged, RetentionOptions } from './lib/limits/retention.ts'
export type { SqliteQueueOptions } from './lib/queue/sqlite-queue.ts'
export { createSqliteQueue } from './lib/queue/sqlite-queue.ts'
export type { SqliteStorageOptions } from './lib/queue/sqlite-storage.ts'
export { openSqliteStorage } from './lib/queue/sqlite-storage.ts'
export type { SqliteLedgerOptions } from './lib/store/sqlite-ledger.ts'
export { createSqliteLedger } from './lib/store/sqlite-ledger.ts'
export type { SqliteStoreOptions } from './lib/store/sqlite-store.ts'
export { createSqliteStore } from './lib/store/sqlite-store.ts'
