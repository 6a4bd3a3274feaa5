/**
 * An idempotency store and a job ledger on Redis, shared by several machines.
 *
 * @module
 */

export type { RedisLedgerOptions } from './lib/redis-ledger.ts'
export { createRedisLedger } from './lib/redis-ledger.ts'
export type {
  IoredisLike,
  NodeRedisClusterLike,
  NodeRedisLike,
  NodeRedisSentinelLike,
  RedisLike,
} from './lib/redis-like.ts'
export type { RedisStoreOptions } from './lib/redis-store.ts'
export { createRedisStore } from './lib/redis-store.ts'
