import { type RedisServer, startRedisServer } from '@gwh/testing/redis'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { createBullmqQueue } from '../src/index.ts'
import type { BullmqQueueOptions } from '../src/lib/settings/options.ts'

// The settings a queue requires, without waiting for the disk.
export const APPEND_ONLY = ['--appendonly', 'yes', '--appendfsync', 'no']

/** Starts a Redis that ends with the test. `args` come after `APPEND_ONLY` and replace it where they differ. */
export async function useRedis(...args: string[]): Promise<RedisServer> {
  const server = await startRedisServer(...APPEND_ONLY, ...args)
  onTestFinished(() => server.stop())
  return server
}

/** Opens a queue on a Redis; it is closed with the test. */
export function useQueue(server: RedisServer, options: Partial<BullmqQueueOptions> = {}) {
  const queue = createBullmqQueue({ connection: server.url, ...options })
  onTestFinished(() => queue.close())
  return queue
}

/** Connects to a Redis beside the queue; disconnected with the test. */
export function useClient(server: RedisServer): Redis {
  const client = new Redis(server.url)
  // The server ends first.
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}
