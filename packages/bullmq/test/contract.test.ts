import { queueContract } from '@gwh/testing'
import { type RedisServer, startRedisServer } from '@gwh/testing/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { type BullmqQueueOptions, createBullmqQueue } from '../src/index.ts'
import { attachToRedis } from './live-clock.ts'
import { APPEND_ONLY } from './use-redis.ts'

let server: RedisServer
let observer: Redis

beforeAll(async () => {
  server = await startRedisServer(...APPEND_ONLY)
  observer = new Redis(server.url)
})

afterAll(async () => {
  vi.useRealTimers()
  observer?.disconnect()
  await server?.stop()
})

describe('BullMQ queue', () => {
  let made = 0
  const open = (clock: Parameters<typeof attachToRedis>[0], options: Partial<BullmqQueueOptions> = {}) => {
    const name = `contract-${made}`
    const queue = createBullmqQueue({ connection: server.url, name, clock, ...options })
    return attachToRedis(clock, { queue, observer, keys: `bull:${name}:` })
  }
  queueContract(test, {
    create(clock) {
      made++
      return open(clock)
    },
    reopen: (clock) => open(clock),
    createRetaining(clock) {
      made++
      return open(clock, { retainBodies: { forMs: 3_600_000 } })
    },
  })
})
