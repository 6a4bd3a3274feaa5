import type { JobLedger } from '@gwh/core/store'
import { describe, expect, test } from 'vitest'
import { createRedisLedger } from '../src/index.ts'
import { connected, LIBRARIES, redis } from './clients.ts'
import { answersWithin, INVALID, NOW, ownServer, PATIENCE_MS, UNAVAILABLE } from './support.ts'

const DEADLINES = { now: NOW, leaseUntil: NOW + 60_000, expiresAt: NOW + 3_600_000 }
const KEY = { endpoint: 'default', id: 'a' }
const JOB = { ...KEY, name: 'batches/a', createdAt: NOW, lookAt: NOW }
const END = { ...KEY, name: 'batches/a', event: '{}', now: NOW, expiresAt: NOW + 3_600_000 }

const CALLS: [string, (ledger: JobLedger) => Promise<unknown>][] = [
  ['open', (ledger) => ledger.open(JOB)],
  ['find', (ledger) => ledger.find(KEY)],
  ['end', (ledger) => ledger.end(END)],
  ['giveUp', (ledger) => ledger.giveUp(END)],
  ['settle', (ledger) => ledger.settle(KEY, NOW)],
  ['take', (ledger) => ledger.take({ endpoint: 'default', dueAt: NOW, now: NOW, until: NOW, limit: 1 })],
  ['postpone', (ledger) => ledger.postpone(KEY, NOW)],
  ['nextLookAt', (ledger) => ledger.nextLookAt('default', NOW)],
  ['begin', (ledger) => ledger.begin('key', 'holder', DEADLINES)],
  ['complete', (ledger) => ledger.complete('key', 'holder')],
  ['release', (ledger) => ledger.release('key', 'holder')],
]

describe.each(LIBRARIES)('a ledger on $name', (library) => {
  test('rejects every call in time while Redis stands still', async () => {
    const server = await ownServer()
    const ledger = createRedisLedger({ client: connected(library, server.url), commandTimeoutMs: 100 })
    await server.signal('SIGSTOP')
    for (const [name, call] of CALLS) {
      await expect(answersWithin(PATIENCE_MS, call(ledger)), name).rejects.toMatchObject(UNAVAILABLE)
    }
    await server.signal('SIGCONT')
  })

  test('keeps a settled job, and a claim, as long as was said, and an open job without end', async () => {
    const server = await ownServer()
    const client = connected(library, server.url)
    const ledger = createRedisLedger({ client, prefix: 'p:', commandTimeoutMs: PATIENCE_MS })
    const lifeOf = async (record: string) => Number(await redis(server.url, 'PTTL', `p:{jobs}${record}`))
    await ledger.open(JOB)
    expect(await lifeOf('/default:job:a')).toBe(-1)
    await ledger.end(END)
    expect(await lifeOf('/default:job:a')).toBe(-1)
    await ledger.settle(KEY, NOW)
    await ledger.begin('key', 'holder', DEADLINES)
    for (const record of ['/default:job:a', ':event:key']) {
      const life = await lifeOf(record)
      expect(life).toBeGreaterThan(3_000_000)
      expect(life).toBeLessThanOrEqual(3_600_000)
    }
    expect(await redis(server.url, 'ZCARD', 'p:{jobs}/default:due')).toBe(0)
  })
})

test.each(LIBRARIES)('jobs whose records are gone keep no other job waiting, on $name', async (library) => {
  const server = await ownServer()
  const ledger = createRedisLedger({ client: connected(library, server.url), commandTimeoutMs: PATIENCE_MS })
  for (const id of ['a', 'b', 'c']) await ledger.open({ ...JOB, id, lookAt: NOW + 1_000 * id.charCodeAt(0) })
  await redis(server.url, 'DEL', 'gwh:ledger:{jobs}/default:job:a')
  expect(await ledger.nextLookAt('default', NOW)).toBe(NOW + 97_000)
  const take = { endpoint: 'default', dueAt: NOW + 98_000, now: NOW, until: NOW + 200_000, limit: 10 }
  expect((await ledger.take(take)).map(({ id }) => id)).toEqual(['b'])
  expect(await ledger.nextLookAt('default', NOW)).toBe(NOW + 99_000)
  await redis(server.url, 'FLUSHALL')
  expect(await ledger.nextLookAt('default', NOW)).toBeUndefined()
  expect(await ledger.open(JOB)).toBe(true)
})

test('options and times that are wrong are refused', async () => {
  const client = { sendCommand: async () => 1 }
  for (const options of [
    { client, prefix: 'a{b}' },
    { client, commandTimeoutMs: 0 },
    { client, ttl: 1 },
    { client: {} },
  ]) {
    expect(() => createRedisLedger(options as never)).toThrow(expect.objectContaining(INVALID))
  }
  const ledger = createRedisLedger({ client })
  await expect(ledger.open({ ...JOB, lookAt: Number.NaN })).rejects.toMatchObject(INVALID)
})

const TIMES = { endpoint: 'default', now: NOW, until: NOW, limit: 1 }

test.each<[string, (ledger: JobLedger) => Promise<unknown>]>([
  ['postpone', (ledger) => ledger.postpone(KEY, Number.NaN)],
  ['settle', (ledger) => ledger.settle(KEY, Number.POSITIVE_INFINITY)],
  ['take of what is due', (ledger) => ledger.take({ ...TIMES, dueAt: Number.NaN })],
  ['take of what was not taken', (ledger) => ledger.take({ ...TIMES, takenBefore: Number.NaN })],
])('a ledger refuses a time that is none: %s', async (_, call) => {
  await expect(call(createRedisLedger({ client: { sendCommand: async () => 1 } }))).rejects.toMatchObject(
    INVALID,
  )
})
