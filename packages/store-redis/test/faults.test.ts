import { describe, expect, test } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connected, LIBRARIES, redis } from './clients.ts'
import {
  answersWithin,
  clusterArguments,
  DEADLINES,
  eventually,
  NOW,
  ownServer,
  PATIENCE_MS,
  UNAVAILABLE,
} from './support.ts'

const now = () => NOW
const because = (message: RegExp) => ({
  ...UNAVAILABLE,
  cause: expect.objectContaining({ message: expect.stringMatching(message) }),
})

describe.each(LIBRARIES)('on $name', (library) => {
  async function claimed(...args: string[]) {
    const server = await ownServer(...args)
    const client = connected(library, server.url)
    const store = createRedisStore({ client, now, commandTimeoutMs: PATIENCE_MS })
    const hasty = createRedisStore({ client, now })
    const claim = await store.claim('claimed', DEADLINES)
    if (claim.status !== 'claimed') throw new RangeError(claim.status)
    return {
      server,
      store,
      hasty,
      claim,
      config: (...pair: string[]) => redis(server.url, 'CONFIG', 'SET', ...pair),
    }
  }

  test('a Redis whose memory is full refuses claims, accepts completions, and recovers when memory is free', async () => {
    const { server, store, claim, config } = await claimed()
    await config('maxmemory', '1mb')
    await expect(redis(server.url, 'SET', 'filler', 'x'.repeat(1_000_000))).rejects.toThrow(/^OOM/)
    await expect(store.claim('new', DEADLINES)).rejects.toMatchObject(because(/^OOM/))
    expect(await store.complete(claim)).toBe(true)
    await config('maxmemory', '0')
    expect(await store.claim('new', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
    expect(await store.claim('claimed', DEADLINES)).toEqual({ status: 'completed' })
  })

  test('a replica refuses every verb until it is a master again', async () => {
    const { server, store, claim } = await claimed()
    await redis(server.url, 'REPLICAOF', '127.0.0.1', '1')
    await expect(store.claim('new', DEADLINES)).rejects.toMatchObject(because(/^READONLY/))
    await expect(store.complete(claim)).rejects.toMatchObject(because(/^READONLY/))
    await expect(store.release(claim)).rejects.toMatchObject(because(/^READONLY/))
    await redis(server.url, 'REPLICAOF', 'NO', 'ONE')
    expect(await store.complete(claim)).toBe(true)
  })

  test('a master without the replicas it needs refuses every verb', async () => {
    const { store, claim, config } = await claimed()
    await config('min-replicas-to-write', '1')
    await expect(store.claim('new', DEADLINES)).rejects.toMatchObject(because(/^NOREPLICAS/))
    await expect(store.complete(claim)).rejects.toMatchObject(because(/^NOREPLICAS/))
    await config('min-replicas-to-write', '0')
    expect(await store.complete(claim)).toBe(true)
  })

  test('a Redis that still loads its data answers for no key, and knows every key afterwards', async () => {
    const slowly = ['--key-load-delay', '20000', '--loading-process-events-interval-bytes', '1024']
    const { server, store, hasty, claim } = await claimed(...slowly)
    await store.complete(claim)
    for (let index = 0; index < 50; index++)
      await redis(server.url, 'SET', `filler-${index}`, 'x'.repeat(2_000))
    await redis(server.url, 'SAVE')
    await server.signal('SIGKILL')
    const loaded = server.start()
    await expect(answersWithin(1_000, hasty.claim('claimed', DEADLINES))).rejects.toMatchObject(UNAVAILABLE)
    await loaded
    await eventually(() => store.claim('claimed', DEADLINES)).toEqual({ status: 'completed' })
  })

  test('a connection that is killed under a claim costs that claim at most, and never answers it twice', async () => {
    const { server, store } = await claimed()
    await redis(server.url, 'CLIENT', 'PAUSE', '600000', 'WRITE')
    const claiming = store.claim('new', DEADLINES).catch((error: unknown) => error)
    await eventually(() => redis(server.url, 'INFO', 'clients')).toMatch(/blocked_clients:1/)
    await redis(server.url, 'CLIENT', 'KILL', 'TYPE', 'normal')
    await redis(server.url, 'CLIENT', 'UNPAUSE')
    const outcome = await claiming
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject(UNAVAILABLE)
      await eventually(() => store.claim('new', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
    } else {
      expect(outcome).toMatchObject({ status: 'claimed', attempt: 1 })
    }
    expect(await store.claim('new', DEADLINES)).toMatchObject({ status: 'in_progress' })
  })

  test('a cluster node without the slot of a key refuses every verb', async () => {
    const server = await ownServer(...(await clusterArguments()))
    const store = createRedisStore({ client: connected(library, server.url), now })
    await expect(store.claim('new', DEADLINES)).rejects.toMatchObject(because(/^CLUSTERDOWN/))
  })
})

test.each([
  'MOVED 1234 127.0.0.1:7001',
  'ASK 1234 127.0.0.1:7001',
  'TRYAGAIN Multiple keys request during rehashing of slot',
  'MISCONF Redis is configured to save RDB snapshots',
  'BUSY Redis is busy running a script',
  'MASTERDOWN Link with MASTER is down',
  'NOAUTH Authentication required.',
  'ERR max number of clients reached',
])('%j is an unavailable store for every verb', async (message) => {
  const store = createRedisStore({
    client: { sendCommand: () => Promise.reject(new TypeError(message)) },
    now,
  })
  const claim = { status: 'claimed', key: 'a', token: 't', attempt: 1 } as const
  await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
  await expect(store.complete(claim)).rejects.toMatchObject(UNAVAILABLE)
  await expect(store.release(claim)).rejects.toMatchObject(UNAVAILABLE)
})

test.each([
  null,
  undefined,
  'OK',
  [],
  ['claimed'],
  ['claimed x'],
  ['claimed 0'],
  ['in_progress'],
  ['in_progress x'],
  ['absent'],
])('the answer %j is an unavailable store for every verb', async (reply) => {
  const store = createRedisStore({ client: { sendCommand: async () => reply }, now })
  const claim = { status: 'claimed', key: 'a', token: 't', attempt: 1 } as const
  await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
  await expect(store.complete(claim)).rejects.toMatchObject(UNAVAILABLE)
})

test('a client that throws instead of rejecting is an unavailable store', async () => {
  const client = {
    sendCommand(): Promise<unknown> {
      throw new TypeError('The client is closed')
    },
  }
  const store = createRedisStore({ client, now })
  await expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
})
