/**
 * A durable queue, an idempotency store and a job ledger on `node:sqlite`.
 *
 * @module
 */

export type { CapacityOptions } from './lib/capacity.ts'
export type { DatabaseOptions } from './lib/connection.ts'
export type { Purged, RetentionOptions } from './lib/retention.ts'
export type { SqliteLedgerOptions } from './lib/sqlite-ledger.ts'
export { createSqliteLedger } from './lib/sqlite-ledger.ts'
export type { SqliteQueueOptions } from './lib/sqlite-queue.ts'
export { createSqliteQueue } from './lib/sqlite-queue.ts'
export type { SqliteStorageOptions } from './lib/sqlite-storage.ts'
export { openSqliteStorage } from './lib/sqlite-storage.ts'
export type { SqliteStoreOptions } from './lib/sqlite-store.ts'
export { createSqliteStore } from './lib/sqlite-store.ts'
