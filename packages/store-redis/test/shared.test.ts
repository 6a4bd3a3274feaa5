import { startRedisServer } from '@gwh/testing/redis'
import { afterAll, describe, expect, test } from 'vitest'
import { createRedisStore } from '../src/index.ts'
import { connected, LIBRARIES, redis } from './clients.ts'
import {
  DEADLINES,
  INVALID,
  intercepted,
  LEASE_MS,
  NOW,
  PATIENCE_MS,
  RETENTION_MS,
  UNAVAILABLE,
} from './support.ts'

const server = await startRedisServer()
afterAll(() => server.stop())

/** One store on each library, as on two machines; their clocks stand still until moved. */
function twoMachines() {
  const time = { now: NOW }
  const prefix = `${crypto.randomUUID()}:`
  const [left, right] = LIBRARIES.map((library) =>
    createRedisStore({
      client: connected(library, server.url),
      prefix,
      now: () => time.now,
      commandTimeoutMs: PATIENCE_MS,
    }),
  )
  return { left: left!, right: right!, time, prefix }
}

describe('two machines', () => {
  test('of 200 concurrent claims on one key exactly one wins', async () => {
    const { left, right } = twoMachines()
    const claims = await Promise.all(
      Array.from({ length: 200 }, (_, index) => (index % 2 ? left : right).claim('a', DEADLINES)),
    )
    expect(claims.filter(({ status }) => status === 'claimed')).toHaveLength(1)
    expect(claims.filter(({ status }) => status === 'in_progress')).toHaveLength(199)
  })

  test('of 1,000 late completions and releases by the machine that lost its leases none is accepted', async () => {
    const { left, right, time } = twoMachines()
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`)
    const deadlines = (now: number) => ({ leaseUntil: now + LEASE_MS, expiresAt: now + RETENTION_MS })
    const old = await Promise.all(keys.map((key) => left.claim(key, deadlines(time.now))))
    time.now += LEASE_MS
    const current = await Promise.all(keys.map((key) => right.claim(key, deadlines(time.now))))
    const verdicts = old.map((claim, index) => {
      if (claim.status !== 'claimed') return true
      return index % 2 ? left.complete(claim) : left.release(claim)
    })
    expect((await Promise.all(verdicts)).filter(Boolean)).toEqual([])
    const completed = current.map((claim) => claim.status === 'claimed' && right.complete(claim))
    expect((await Promise.all(completed)).filter(Boolean)).toHaveLength(1_000)
  })

  test('what one completes is completed for the other', async () => {
    const { left, right } = twoMachines()
    const claim = await left.claim('a', DEADLINES)
    expect(claim.status === 'claimed' && (await left.complete(claim))).toBe(true)
    expect(await right.claim('a', DEADLINES)).toEqual({ status: 'completed' })
  })

  test('stores with different prefixes know nothing of each other', async () => {
    const { left } = twoMachines()
    await left.claim('a', DEADLINES)
    expect(await twoMachines().right.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
  })
})

describe('a record', () => {
  test('has the life of its claim from its first moment on, and keeps it when it is settled', async () => {
    const { left, right, prefix } = twoMachines()
    for (const [key, verb] of [
      ['a', 'complete'],
      ['b', 'release'],
    ] as const) {
      const claim = await left.claim(key, DEADLINES)
      const life = () => redis(server.url, 'PTTL', `${prefix}{${key}}`)
      expect(RETENTION_MS - Number(await life())).toBeLessThan(30_000)
      if (claim.status === 'claimed') await right[verb](claim)
      expect(RETENTION_MS - Number(await life())).toBeLessThan(30_000)
    }
  })

  test('is written together with its life, by one command of the client for each verb', async () => {
    const commands: string[] = []
    const client = intercepted(connected(LIBRARIES[0]!, server.url), (command, pass) => {
      commands.push(command[0]!)
      return pass()
    })
    const store = createRedisStore({ client, prefix: `${crypto.randomUUID()}:`, now: () => NOW })
    const handle = async (key: string) => {
      const claim = await store.claim(key, DEADLINES)
      if (claim.status === 'claimed') await store.complete(claim)
    }
    await handle('a')
    commands.length = 0
    await handle('b')
    expect(commands).toEqual(['EVALSHA', 'EVALSHA'])
  })

  test('that Redis deleted too early makes the delivery new, and its old owner cannot settle the new claim', async () => {
    const { left, right, prefix } = twoMachines()
    const old = await left.claim('a', DEADLINES)
    await redis(server.url, 'PEXPIRE', `${prefix}{a}`, '0')
    expect(await right.claim('a', DEADLINES)).toMatchObject({ status: 'claimed', attempt: 1 })
    expect(old.status === 'claimed' && (await left.complete(old))).toBe(false)
  })

  test('that Redis keeps too long counts as absent after its end', async () => {
    const { left, right, prefix, time } = twoMachines()
    const claim = await left.claim('a', DEADLINES)
    if (claim.status === 'claimed') await left.complete(claim)
    await redis(server.url, 'PERSIST', `${prefix}{a}`)
    time.now = DEADLINES.expiresAt
    const later = { leaseUntil: time.now + LEASE_MS, expiresAt: time.now + RETENTION_MS }
    expect(await right.claim('a', later)).toMatchObject({ status: 'claimed', attempt: 1 })
  })

  test('of another kind under the same name is an unavailable store, not an absent key', async () => {
    const { left, prefix } = twoMachines()
    await redis(server.url, 'SET', `${prefix}{a}`, 'somebody else')
    await expect(left.claim('a', DEADLINES)).rejects.toMatchObject(UNAVAILABLE)
  })
})

describe('the scripts', () => {
  test.each(LIBRARIES)('are sent again after SCRIPT FLUSH, on $name', async (library) => {
    const store = createRedisStore({ client: connected(library, server.url), prefix: `${library.name}:` })
    const deadlines = { leaseUntil: Date.now() + LEASE_MS, expiresAt: Date.now() + RETENTION_MS }
    const claim = await store.claim('a', deadlines)
    await redis(server.url, 'SCRIPT', 'FLUSH')
    expect(claim.status === 'claimed' && (await store.complete(claim))).toBe(true)
    await redis(server.url, 'SCRIPT', 'FLUSH')
    expect(await store.claim('a', deadlines)).toEqual({ status: 'completed' })
  })
})

test.each(['', 'a}b', '{a'])('%j is no key', async (key) => {
  const { left } = twoMachines()
  await expect(left.claim(key, DEADLINES)).rejects.toMatchObject(INVALID)
})

test.each([
  { leaseUntil: Number.NaN, expiresAt: NOW },
  { leaseUntil: NOW, expiresAt: Number.POSITIVE_INFINITY },
])('deadlines that are no times are refused', async (deadlines) => {
  const { left } = twoMachines()
  await expect(left.claim('a', deadlines)).rejects.toMatchObject(INVALID)
})
