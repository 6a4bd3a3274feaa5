import { DatabaseSync } from 'node:sqlite'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import {
  type CapacityOptions,
  createSqliteQueue,
  openSqliteStorage,
  type SqliteStorageOptions,
} from '../src/index.ts'
import { startChild } from './children/start-child.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const OVERLOADED = { name: 'WebhookUnavailableError', code: 'overloaded', status: 503 }

function openHarness(
  options: CapacityOptions & Pick<SqliteStorageOptions, 'retainBodies'> = {},
  path = temporaryFile(),
) {
  const clock = createFakeClock()
  const storage = openSqliteStorage({ path, clock, ...options })
  onTestFinished(() => storage.close())
  const fill = (count: number) =>
    Promise.allSettled(Array.from({ length: count }, () => storage.insert(queuedDelivery())))
  const claim = (limit: number) =>
    storage.claim({ limit, now: clock.now(), leaseUntil: clock.now() + 60_000 })
  return { path, clock, storage, fill, claim }
}

const accepted = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.filter(({ status }) => status === 'fulfilled').length

test('a group that reaches the limit is accepted up to the limit and refused beyond it', async () => {
  const { storage, fill } = openHarness({ maxPending: 10 })
  const results = await fill(25)
  expect(results.map(({ status }) => status)).toEqual([
    ...Array(10).fill('fulfilled'),
    ...Array(15).fill('rejected'),
  ])
  expect(results[10]).toMatchObject({ reason: OVERLOADED })
  expect(await storage.stats(0)).toMatchObject({ pending: 10 })
})

test('10,000 waiting deliveries are the default limit', async () => {
  const { storage, fill } = openHarness({ minFreeBytes: 0 })
  expect(accepted(await fill(10_050))).toBe(10_000)
  expect(storage.isFull?.()).toBe(true)
})

test('a queue reports at once that it is full, without reading the file', async () => {
  const { storage, fill } = openHarness({ maxPending: 3 })
  await fill(2)
  expect(storage.isFull?.()).toBe(false)
  await fill(1)
  expect(storage.isFull?.()).toBe(true)
})

test('a queue accepts deliveries again as soon as its own worker has claimed some', async () => {
  const { storage, fill, claim } = openHarness({ maxPending: 3 })
  await fill(3)
  await claim(2)
  expect(storage.isFull?.()).toBe(false)
  expect(accepted(await fill(5))).toBe(2)
})

test('retrying deliveries count as waiting, running ones do not', async () => {
  const { storage, clock, fill, claim } = openHarness({ maxPending: 3 })
  await fill(3)
  const leases = await claim(3)
  expect(accepted(await fill(1))).toBe(1)
  for (const lease of leases) await storage.retry(lease, clock.now() + 1_000, clock.now())
  expect(storage.isFull?.()).toBe(true)
  expect(accepted(await fill(1))).toBe(0)
})

test('redriven deliveries count as waiting', async () => {
  const { storage, clock, fill, claim } = openHarness({ maxPending: 3 })
  await fill(3)
  for (const lease of await claim(3)) await storage.deadLetter(lease, 'attempts', clock.now())
  expect(storage.isFull?.()).toBe(false)
  await storage.redrive('all', clock.now())
  expect(storage.isFull?.()).toBe(true)
  expect(accepted(await fill(1))).toBe(0)
})

test('replayed deliveries count as waiting', async () => {
  const options = { maxPending: 3, retainBodies: { forMs: 3_600_000 } }
  const { storage, clock, fill, claim } = openHarness(options)
  await fill(3)
  const leases = await claim(3)
  for (const lease of leases) await storage.complete(lease, clock.now())
  expect(storage.isFull?.()).toBe(false)
  const keys = leases.map(({ key }) => key)
  expect(await storage.replay(keys, clock.now())).toBe(3)
  expect(storage.isFull?.()).toBe(true)
})

test('claiming a delivery of a vanished worker again frees no place', async () => {
  const { clock, fill, claim } = openHarness({ maxPending: 3 })
  await fill(3)
  await claim(1)
  await clock.advance(60_000)
  await claim(1)
  expect(accepted(await fill(5))).toBe(1)
})

test('claiming a retry frees its place', async () => {
  const { storage, clock, fill, claim } = openHarness({ maxPending: 3 })
  await fill(3)
  for (const lease of await claim(3)) await storage.retry(lease, clock.now(), clock.now())
  expect(await claim(2)).toHaveLength(2)
  expect(accepted(await fill(5))).toBe(2)
})

test('known deliveries are duplicates even when the queue is full', async () => {
  const { storage } = openHarness({ maxPending: 1 })
  const [known, fresh] = [queuedDelivery(), queuedDelivery()]
  await storage.insert(known)
  const results = await Promise.allSettled([storage.insert(known), storage.insert(fresh)])
  expect(results).toMatchObject([{ value: 'duplicate' }, { reason: OVERLOADED }])
})

test('deliveries of another process are noticed within 250 milliseconds, and by the next enqueue at once', async () => {
  const { path, storage, clock, fill } = openHarness({ maxPending: 3 })
  const other = openHarness({}, path)
  await other.fill(3)
  await clock.advance(249)
  expect(storage.isFull?.()).toBe(false)
  await clock.advance(1)
  expect(storage.isFull?.()).toBe(true)
  const [lease] = await other.claim(1)
  expect(accepted(await fill(5))).toBe(1)
  await other.storage.retry(lease!, 0, 0)
  expect(accepted(await fill(1))).toBe(0)
})

test('isFull does not touch the file between two refreshes', () => {
  const { path, storage } = openHarness()
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  other.exec('DROP TABLE gwh_deliveries')
  expect(storage.isFull?.()).toBe(false)
})

test('a queue that is full when it is opened reports it from the start', async () => {
  const path = temporaryFile()
  const first = openHarness({}, path)
  await first.fill(3)
  expect(openHarness({ maxPending: 3 }, path).storage.isFull?.()).toBe(true)
})

test('what a failed group would have added or claimed is not counted', async () => {
  const { path, storage, fill, claim } = openHarness({ maxPending: 4 })
  // Created first: a later write of another connection would trigger a new count.
  query(
    path,
    `CREATE TRIGGER fail BEFORE INSERT ON gwh_deliveries WHEN new.id = 'poison'
      BEGIN SELECT RAISE(ROLLBACK, 'no'); END`,
  )
  await fill(3)
  const taken = claim(3)
  const failed = await Promise.allSettled([taken, storage.insert(queuedDelivery({ id: 'poison' }))])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(accepted(await fill(5))).toBe(1)
})

test('no new delivery is accepted when the disk has less free space than required', async () => {
  const path = temporaryFile()
  const known = queuedDelivery()
  await openHarness({}, path).storage.insert(known)
  const { storage } = openHarness({ minFreeBytes: Number.MAX_SAFE_INTEGER }, path)
  expect(storage.isFull?.()).toBe(true)
  await expect(storage.insert(queuedDelivery())).rejects.toMatchObject({
    ...OVERLOADED,
    message: expect.stringContaining('bytes free'),
  })
  expect(await storage.insert(known)).toBe('duplicate')
})

test('a queue exposes to its receiver that it is full', async () => {
  const queue = createSqliteQueue({ path: temporaryFile(), maxPending: 1 })
  onTestFinished(() => queue.close())
  await queue.enqueue(queuedDelivery())
  expect(queue.isFull?.()).toBe(true)
})

test('several processes together never exceed the limit', { timeout: 60_000 }, async () => {
  const path = temporaryFile()
  query(path, 'PRAGMA user_version')
  const children = ['a', 'b', 'c'].map((name) => startChild('./enqueue-until-full.ts', path, name, '200'))
  const counts: number[] = []
  for (const child of children) child.onLine((line) => counts.push(Number(line)))
  for (const child of children) expect(await child.ended).toEqual({ code: 0, signal: null, errors: '' })
  expect(query(path, 'SELECT count(*) AS n FROM gwh_deliveries')).toEqual([{ n: 200 }])
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200)
})

test.each([
  ['maxPending', 0],
  ['maxPending', 1.5],
  ['maxPending', Number.NaN],
  ['minFreeBytes', -1],
  ['minFreeBytes', Number.POSITIVE_INFINITY],
])('a limit that is not a whole number is refused: %s = %d', (name, value) => {
  expect(() => createSqliteQueue({ path: ':memory:', [name]: value })).toThrow(
    expect.objectContaining({ code: 'option_invalid' }),
  )
})
