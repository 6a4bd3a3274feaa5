import type { RedisServer } from '@gwh/testing/redis'
import { describe, expect, test } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connected, LIBRARIES, redis } from './clients.ts'
import {
  answersWithin,
  DEADLINES,
  eventually,
  LEASE_MS,
  NOW,
  ownServer,
  PATIENCE_MS,
  RETENTION_MS,
  UNAVAILABLE,
} from './support.ts'

// Both clients keep what is sent while there is no connection, and never end the process: see `LIBRARIES`.
describe.each(LIBRARIES)('on $name', (library) => {
  const open = (server: RedisServer, options: { now?: () => number; commandTimeoutMs?: number } = {}) =>
    createRedisStore({ client: connected(library, server.url), now: () => NOW, ...options })

  async function win(server: RedisServer, key: string) {
    const store = open(server)
    const claim = await store.claim(key, DEADLINES)
    if (claim.status !== 'claimed') throw new RangeError(`the key is ${claim.status}`)
    return { store, claim }
  }

  test('a Redis that hangs is unavailable within a second, for every method', async () => {
    const server = await ownServer()
    const { store, claim } = await win(server, 'a')
    await server.signal('SIGSTOP')
    const verbs: (() => Promise<unknown>)[] = [
      () => store.claim('b', DEADLINES),
      () => store.complete(claim),
      () => store.release(claim),
    ]
    for (const verb of verbs) {
      await expect(answersWithin(1_000, verb())).rejects.toMatchObject(UNAVAILABLE)
    }
    await server.signal('SIGCONT')
  })

  test('what Redis carries out when it goes on keeps no key, and loses no completion', async () => {
    const server = await ownServer()
    const { store, claim } = await win(server, 'completed')
    const other = open(server)
    await other.claim('warm', DEADLINES)
    await server.signal('SIGSTOP')
    await expect(answersWithin(1_000, store.claim('claimed', DEADLINES))).rejects.toMatchObject(UNAVAILABLE)
    await expect(answersWithin(1_000, store.complete(claim))).rejects.toMatchObject(UNAVAILABLE)
    await server.signal('SIGCONT')
    const claimed = { status: 'claimed', attempt: 1 }
    await eventually(() => other.claim('claimed', DEADLINES)).toMatchObject(claimed)
    await eventually(() => other.claim('completed', DEADLINES)).toEqual({ status: 'completed' })
  })

  test('a key claimed by a process that went with the outage is free when its lease ends', async () => {
    const server = await ownServer()
    const { client, end } = library.connect(server.url)
    const store = createRedisStore({ client, now: () => NOW })
    await store.claim('warm', DEADLINES)
    await server.signal('SIGSTOP')
    const claiming = expect(store.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
    // The command is in the socket; nothing reads its answer.
    await new Promise((resolve) => setImmediate(resolve))
    end()
    await claiming
    await server.signal('SIGCONT')
    const now = NOW + LEASE_MS
    const later = { leaseUntil: now + LEASE_MS, expiresAt: now + RETENTION_MS }
    expect(await open(server, { now: () => now }).claim('a', later)).toMatchObject({ status: 'claimed' })
  })

  test('a Redis that is down at the start is unavailable within a second, and used once it is up', async () => {
    const server = await ownServer()
    await server.signal('SIGKILL')
    const store = open(server)
    await expect(answersWithin(1_000, store.claim('a', DEADLINES))).rejects.toMatchObject(UNAVAILABLE)
    await server.start()
    await eventually(() => store.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
  })

  test.each(['always', 'everysec'])(
    'a Redis that is killed with appendfsync %s forgets nothing it answered',
    async (appendfsync) => {
      const server = await ownServer('--appendonly', 'yes', '--appendfsync', appendfsync)
      const { store, claim } = await win(server, 'running')
      const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`)
      const patient = open(server, { commandTimeoutMs: PATIENCE_MS })
      await Promise.all(
        keys.map(async (key) => {
          const won = await patient.claim(key, DEADLINES)
          if (won.status === 'claimed') await patient.complete(won)
        }),
      )
      await server.signal('SIGKILL')
      await expect(answersWithin(1_000, store.claim('running', DEADLINES))).rejects.toMatchObject(UNAVAILABLE)
      await server.start()
      await eventually(() => store.claim('running', DEADLINES)).toMatchObject({ status: 'in_progress' })
      expect(await store.complete(claim)).toBe(true)
      const again = await Promise.all(keys.map((key) => patient.claim(key, DEADLINES)))
      expect(again.filter(({ status }) => status !== 'completed')).toEqual([])
    },
  )

  test('a Redis that is killed without a file forgets, and then the delivery is new and its old owner fenced off', async () => {
    const server = await ownServer()
    const { store, claim } = await win(server, 'a')
    await server.signal('SIGKILL')
    await server.start()
    await eventually(() => store.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
    expect(await store.complete(claim)).toBe(false)
    expect(await store.release(claim)).toBe(false)
  })

  test('after FLUSHALL the delivery is new and its old owner fenced off', async () => {
    const server = await ownServer()
    const { store, claim } = await win(server, 'a')
    await redis(server.url, 'FLUSHALL')
    expect(await store.complete(claim)).toBe(false)
    expect(await store.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
    expect(await store.release(claim)).toBe(false)
  })
})
