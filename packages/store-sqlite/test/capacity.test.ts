import { DatabaseSync } from 'node:sqlite'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { type CapacityOptions, createSqliteQueue, openSqliteStorage } from '../src/index.ts'
import { startChild } from './children/start-child.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const OVERLOADED = { name: 'WebhookUnavailableError', code: 'overloaded', status: 503 }

function openScene(options: CapacityOptions = {}, path = temporaryFile()) {
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

test('the group that reaches the cap is accepted up to the cap and refused beyond it', async () => {
  const { storage, fill } = openScene({ maxPending: 10 })
  const results = await fill(25)
  expect(results.map(({ status }) => status)).toEqual([
    ...Array(10).fill('fulfilled'),
    ...Array(15).fill('rejected'),
  ])
  expect(results[10]).toMatchObject({ reason: OVERLOADED })
  expect(await storage.stats(0)).toMatchObject({ pending: 10 })
})

test('10 000 waiting deliveries are the cap unless another is chosen', async () => {
  const { storage, fill } = openScene({ minFreeBytes: 0 })
  expect(accepted(await fill(10_050))).toBe(10_000)
  expect(storage.isFull?.()).toBe(true)
})

test('a queue says at once that it became full, without a look at the file', async () => {
  const { storage, fill } = openScene({ maxPending: 3 })
  await fill(2)
  expect(storage.isFull?.()).toBe(false)
  await fill(1)
  expect(storage.isFull?.()).toBe(true)
})

test('a queue is open again as soon as its own worker has claimed something', async () => {
  const { storage, fill, claim } = openScene({ maxPending: 3 })
  await fill(3)
  await claim(2)
  expect(storage.isFull?.()).toBe(false)
  expect(accepted(await fill(5))).toBe(2)
})

test('running deliveries leave room for others, and those to be tried again take it', async () => {
  const { storage, clock, fill, claim } = openScene({ maxPending: 3 })
  await fill(3)
  const leases = await claim(3)
  expect(accepted(await fill(1))).toBe(1)
  for (const lease of leases) await storage.retry(lease, clock.now() + 1_000, clock.now())
  expect(storage.isFull?.()).toBe(true)
  expect(accepted(await fill(1))).toBe(0)
})

test('redriven deliveries count as waiting', async () => {
  const { storage, clock, fill, claim } = openScene({ maxPending: 3 })
  await fill(3)
  for (const lease of await claim(3)) await storage.deadLetter(lease, 'attempts', clock.now())
  expect(storage.isFull?.()).toBe(false)
  await storage.redrive('all', clock.now())
  expect(storage.isFull?.()).toBe(true)
  expect(accepted(await fill(1))).toBe(0)
})

test('a delivery left behind by a vanished worker does not make room when it is claimed again', async () => {
  const { clock, fill, claim } = openScene({ maxPending: 3 })
  await fill(3)
  await claim(1)
  await clock.advance(60_000)
  await claim(1)
  expect(accepted(await fill(5))).toBe(1)
})

test('retries that are claimed make room', async () => {
  const { storage, clock, fill, claim } = openScene({ maxPending: 3 })
  await fill(3)
  for (const lease of await claim(3)) await storage.retry(lease, clock.now(), clock.now())
  expect(await claim(2)).toHaveLength(2)
  expect(accepted(await fill(5))).toBe(2)
})

test('known deliveries are duplicates also when the queue is full', async () => {
  const { storage } = openScene({ maxPending: 1 })
  const [known, fresh] = [queuedDelivery(), queuedDelivery()]
  await storage.insert(known)
  const results = await Promise.allSettled([storage.insert(known), storage.insert(fresh)])
  expect(results).toMatchObject([{ value: 'duplicate' }, { reason: OVERLOADED }])
})

test('deliveries of another process are noticed within 250 milliseconds, and by the next enqueue at once', async () => {
  const { path, storage, clock, fill } = openScene({ maxPending: 3 })
  const other = openScene({}, path)
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

test('between two looks isFull does not touch the file', () => {
  const { path, storage } = openScene()
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  other.exec('DROP TABLE gwh_deliveries')
  expect(storage.isFull?.()).toBe(false)
})

test('a queue that is full when it is opened says so from the start', async () => {
  const path = temporaryFile()
  const first = openScene({}, path)
  await first.fill(3)
  expect(openScene({ maxPending: 3 }, path).storage.isFull?.()).toBe(true)
})

test('what a failed group would have added or taken is not counted', async () => {
  const { path, storage, fill, claim } = openScene({ maxPending: 4 })
  // Made first: a write of another connection later on would have everything counted anew.
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

test('a disk with less than the demanded space takes no new deliveries', async () => {
  const path = temporaryFile()
  const known = queuedDelivery()
  await openScene({}, path).storage.insert(known)
  const { storage } = openScene({ minFreeBytes: Number.MAX_SAFE_INTEGER }, path)
  expect(storage.isFull?.()).toBe(true)
  await expect(storage.insert(queuedDelivery())).rejects.toMatchObject({
    ...OVERLOADED,
    message: expect.stringContaining('bytes free'),
  })
  expect(await storage.insert(known)).toBe('duplicate')
})

test('a queue tells its receiver that it is full', async () => {
  const queue = createSqliteQueue({ path: temporaryFile(), maxPending: 1 })
  onTestFinished(() => queue.close())
  await queue.enqueue(queuedDelivery())
  expect(queue.isFull?.()).toBe(true)
})

test('several processes together exceed the cap by nothing', { timeout: 60_000 }, async () => {
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
])('a cap that is no whole number is refused: %s = %d', (name, value) => {
  expect(() => createSqliteQueue({ path: ':memory:', [name]: value })).toThrow(
    expect.objectContaining({ code: 'option_invalid' }),
  )
})
