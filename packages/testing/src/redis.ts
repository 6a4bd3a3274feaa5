export { type RedisServer, startRedisServer } from './lib/redis-server.ts'
