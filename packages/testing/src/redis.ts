export { type RedisServer, startRedisServer } from './lib/shared/redis-server.ts'
