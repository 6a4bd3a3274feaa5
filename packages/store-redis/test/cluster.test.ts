import { storeContract } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { redis } from './clients.ts'
import { clusterArguments, DEADLINES, NOW, PATIENCE_MS, VOLATILE } from './support.ts'

const server = await startRedisServer(...(await clusterArguments()))
await redis(server.url, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
afterAll(() => server.stop())
beforeAll(async () => {
  await vi.waitUntil(
    async () => /cluster_state:ok/.test(String(await redis(server.url, 'CLUSTER', 'INFO'))),
    {
      timeout: 20_000,
    },
  )
})

describe('Redis store on a cluster of node-redis', () => {
  const client = createCluster({ rootNodes: [{ url: server.url }] })
  beforeAll(async () => void (await client.connect()))
  afterAll(() => client.destroy())
  examine(client)
})

describe('Redis store on a cluster of ioredis', () => {
  const client = new Cluster([{ host: '127.0.0.1', port: server.port }], { lazyConnect: true })
  beforeAll(() => client.connect())
  afterAll(() => client.disconnect())
  examine(client)
})

function examine(client: Parameters<typeof createRedisStore>[0]['client']): void {
  let prefix = ''
  storeContract(test, {
    create(now) {
      prefix = `${crypto.randomUUID()}:`
      return createRedisStore({ client, prefix, now, commandTimeoutMs: PATIENCE_MS })
    },
    reopen: (now) => createRedisStore({ client, prefix, now, commandTimeoutMs: PATIENCE_MS }),
  })

  test('whatever belongs to a key is in the slot of the key, under any prefix', async () => {
    const slotOf = (name: string) => redis(server.url, 'CLUSTER', 'KEYSLOT', name)
    await createRedisStore({ client, prefix: 'any prefix:', now: () => NOW }).claim('a', DEADLINES)
    expect(await redis(server.url, 'EXISTS', 'any prefix:{a}')).toBe(1)
    expect(await slotOf('any prefix:{a}')).toBe(await slotOf('a'))
  })

  test('a node that evicts is refused', async () => {
    await redis(server.url, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    const store = createRedisStore({ client, now: () => NOW })
    await expect(store.claim('b', DEADLINES)).rejects.toMatchObject(VOLATILE)
    await redis(server.url, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    expect(await store.claim('b', DEADLINES)).toMatchObject({ status: expect.any(String) })
  })
}
