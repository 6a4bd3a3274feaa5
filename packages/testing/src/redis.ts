/**
 * Starts a real `redis-server` for a test.
 *
 * @module
 */

export { type RedisServer, startRedisServer } from './lib/shared/redis-server.ts'
