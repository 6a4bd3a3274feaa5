/**
 * An idempotency store on Redis, shared by several machines.
 *
 * @module
 */

export type {
  IoredisLike,
  NodeRedisClusterLike,
  NodeRedisLike,
  NodeRedisSentinelLike,
  RedisLike,
} from './lib/redis-like.ts'
export type { RedisStoreOptions } from './lib/redis-store.ts'
export { createRedisStore } from './lib/redis-store.ts'
