import { createFakeClock, type FakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue, createSqliteStore, openSqliteStorage, type Purged } from '../src/index.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Advances the time in steps that a purge trusts; a running queue reads the clock more often. */
async function pass(clock: FakeClock, ms: number, look: () => Promise<unknown>): Promise<void> {
  for (let left = ms; left > 0; left -= 12 * HOUR_MS) {
    await clock.advance(Math.min(left, 12 * HOUR_MS))
    await look()
  }
}

function openHarness(options: { retentionMs?: number; deadRetentionMs?: number } = {}) {
  const path = temporaryFile()
  const clock = createFakeClock()
  const purges: Purged[] = []
  const storage = openSqliteStorage({ path, clock, onPurge: (purged) => purges.push(purged), ...options })
  onTestFinished(() => storage.close())
  const claim = (limit = 1_000) => {
    const now = clock.now()
    return storage.claim({ limit, now, leaseUntil: now + 60_000 })
  }
  const fill = (count: number) =>
    Promise.all(Array.from({ length: count }, () => storage.insert(queuedDelivery())))
  return { path, clock, storage, purges, claim, fill }
}

test('the body of a handled delivery is erased, that of a dead letter is kept', async () => {
  const { path, clock, storage, claim, fill } = openHarness()
  await fill(2)
  const [done, dead] = await claim()
  await storage.complete(done!, clock.now())
  await storage.deadLetter(dead!, 'attempts', clock.now())
  expect(query(path, 'SELECT state, length(body) > 0 AS kept FROM gwh_deliveries ORDER BY state')).toEqual([
    { state: 'dead', kept: 1 },
    { state: 'done', kept: 0 },
  ])
})

test('the key of a handled delivery is kept for 72 hours', async () => {
  const { clock, storage, claim, fill, purges } = openHarness()
  await fill(1)
  const [lease] = await claim()
  await storage.complete(lease!, clock.now())
  await pass(clock, 72 * HOUR_MS, claim)
  expect(await storage.insert(lease!.message)).toBe('duplicate')
  await clock.advance(HOUR_MS)
  await claim()
  expect(await storage.insert(lease!.message)).toBe('enqueued')
  expect(purges).toEqual([{ done: 1, dead: 0 }])
})

test('a dead letter is kept for 30 days and its purge is reported', async () => {
  const { clock, storage, claim, fill, purges } = openHarness()
  await fill(1)
  await storage.deadLetter((await claim())[0]!, 'attempts', clock.now())
  await pass(clock, 30 * DAY_MS, claim)
  expect(await storage.listDead(1)).toHaveLength(1)
  await clock.advance(HOUR_MS)
  await claim()
  expect(await storage.listDead(1)).toEqual([])
  expect(purges).toEqual([{ done: 0, dead: 1 }])
})

test('waiting and running deliveries are never purged', async () => {
  const { clock, storage, claim, fill } = openHarness()
  await fill(3)
  const [running, retrying] = await claim(2)
  await storage.renew(running!, clock.now() + 365 * DAY_MS, clock.now())
  await storage.retry(retrying!, clock.now() + 365 * DAY_MS, clock.now())
  await clock.advance(364 * DAY_MS)
  await claim(1)
  expect(await storage.stats(clock.now())).toMatchObject({ pending: 0, running: 2, retrying: 1 })
})

test('a large purge runs in steps of 500, one per claim, until nothing is left', async () => {
  const { clock, storage, claim, fill, purges } = openHarness()
  await fill(1_200)
  const leases = await claim(1_200)
  await Promise.all(leases.map((lease) => storage.complete(lease, clock.now())))
  await pass(clock, 72 * HOUR_MS, claim)
  await clock.advance(HOUR_MS)
  for (let index = 0; index < 5; index++) await claim()
  expect(purges.map(({ done }) => done)).toEqual([500, 500, 200])
})

test('purges run at least ten minutes apart', async () => {
  const { clock, storage, claim, fill, purges } = openHarness({ retentionMs: 25 * HOUR_MS })
  await fill(2)
  const [first, second] = await claim()
  await storage.complete(first!, clock.now())
  await clock.advance(60_000)
  await storage.complete(second!, clock.now())
  await pass(clock, 25 * HOUR_MS - 30_000, claim)
  await clock.advance(60_000)
  await claim()
  expect(purges).toEqual([{ done: 1, dead: 0 }])
  await clock.advance(600_000)
  await claim()
  expect(purges).toHaveLength(2)
})

test.each([
  ['retentionMs', 25 * HOUR_MS - 1],
  ['retentionMs', Number.NaN],
  ['retentionMs', 0],
  ['deadRetentionMs', HOUR_MS],
])('a retention shorter than the sender’s retries is refused: %s = %d', (name, value) => {
  expect(() => createSqliteQueue({ path: ':memory:', [name]: value })).toThrow(
    expect.objectContaining({ code: 'option_invalid' }),
  )
})

test('a retention of 25 hours is accepted', async () => {
  const queue = createSqliteQueue({ path: ':memory:', retentionMs: 25 * HOUR_MS })
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await queue.close()
})

test('a lease from before its delivery was purged cannot settle the same delivery enqueued again', async () => {
  const { clock, storage, claim, fill } = openHarness()
  await fill(1)
  const [old] = await claim()
  await storage.deadLetter(old!, 'attempts', clock.now())
  await storage.purgeDead(clock.now() + 1)
  await storage.insert(old!.message)
  const [current] = await claim()
  expect(await storage.complete(old!, clock.now())).toBe(false)
  expect(await storage.complete(current!, clock.now())).toBe(true)
})

test('an expired record of the idempotency store is deleted by a later claim', async () => {
  const path = temporaryFile()
  const clock = createFakeClock()
  const store = createSqliteStore({ path, now: clock.now })
  onTestFinished(() => store.close?.())
  const claim = (key: string) =>
    store.claim(key, { leaseUntil: clock.now() + 60_000, expiresAt: clock.now() + 72 * HOUR_MS })
  await claim('old')
  await pass(clock, 71 * HOUR_MS, () => claim('busy'))
  await clock.advance(HOUR_MS)
  await claim('new')
  expect(query(path, 'SELECT key FROM gwh_claims')).toEqual([{ key: 'busy' }, { key: 'new' }])
})
