import { cpSync } from 'node:fs'
import { type Clock, systemClock } from '@gwh/core/queue'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openSqliteStorage } from '../src/index.ts'
import { openDatabase } from '../src/lib/database/database.ts'
import { createSqliteStorage } from '../src/lib/queue/sqlite-storage.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const HOUR_MS = 3_600_000
const RUN_LENGTH = 128
const TERMS = { limit: 1_000, now: 0, leaseUntil: 1_000 }

function openMerging(path = temporaryFile(), clock: Clock = systemClock) {
  const storage = createSqliteStorage(
    { database: openDatabase(path), path, given: false },
    { runLength: RUN_LENGTH, clock },
  )
  onTestFinished(() => storage.close())
  return { path, storage }
}

type Storage = ReturnType<typeof openMerging>['storage']

/** Inserts in groups of seven; returns what was inserted. */
async function fill(storage: Storage, count: number) {
  const messages = Array.from({ length: count }, () => queuedDelivery())
  for (let next = 0; next < count; next += 7) {
    const group = messages.slice(next, next + 7)
    expect(await insertAll(storage, group)).toEqual(group.map(() => 'enqueued'))
  }
  return messages
}

const insertAll = (storage: Storage, messages: readonly ReturnType<typeof queuedDelivery>[]) =>
  Promise.all(messages.map((message) => storage.insert(message)))

const merged = (path: string) => Number(query(path, 'SELECT count(*) AS n FROM gwh_keys')[0]?.n)

/** Deliveries that count as merged but are not. */
const forgotten = (path: string) =>
  query(
    path,
    `SELECT seq FROM gwh_deliveries WHERE seq <= (SELECT keys_to FROM gwh_file)
      AND NOT EXISTS (SELECT 1 FROM gwh_keys WHERE gwh_keys.key_hash = gwh_deliveries.key_hash AND gwh_keys.seq = gwh_deliveries.seq)`,
  )

/** Merged keys of no delivery. */
const strangers = (path: string) =>
  query(
    path,
    `SELECT seq FROM gwh_keys WHERE NOT EXISTS (SELECT 1 FROM gwh_deliveries
      WHERE gwh_deliveries.seq = gwh_keys.seq AND gwh_deliveries.key_hash = gwh_keys.key_hash)`,
  )

test('a delivery is known whether its key is in memory, about to be merged, or merged', async () => {
  const { path, storage } = openMerging()
  const messages = await fill(storage, 5 * RUN_LENGTH)
  expect(merged(path)).toBeGreaterThan(RUN_LENGTH)
  expect(merged(path)).toBeLessThan(messages.length)
  expect(forgotten(path)).toEqual([])
  expect(new Set(await insertAll(storage, messages))).toEqual(new Set(['duplicate']))
})

test('keys are merged a slice at a time, at least as fast as they arrive', async () => {
  const { path, storage } = openMerging()
  let [before, most, unmerged] = [0, 0, 0]
  for (let groups = 1; groups <= 120; groups++) {
    await fill(storage, 7)
    most = Math.max(most, merged(path) - before)
    before = merged(path)
    unmerged = Math.max(unmerged, groups * 7 - before)
  }
  // Hashes fall into a slice of 64 by chance.
  expect(most).toBeLessThan(2 * 64)
  expect(unmerged).toBeLessThanOrEqual(2 * RUN_LENGTH + 7)
})

test('a lease on a delivery whose key was merged is as valid as any other', async () => {
  const { path, storage } = openMerging()
  await fill(storage, 4 * RUN_LENGTH)
  const leases = await storage.claim(TERMS)
  const dead = leases[0]!
  expect(await storage.deadLetter(dead, 'attempts', 1)).toBe(true)
  expect(await storage.redrive(dead.key, 2)).toBe(1)
  const rest = leases.slice(1)
  const settled = await Promise.all(rest.map((lease) => storage.complete(lease, 3)))
  expect(settled).toEqual(rest.map(() => true))
  expect(query(path, 'SELECT state, count(*) AS n FROM gwh_deliveries GROUP BY state')).toEqual([
    { state: 'done', n: rest.length },
    { state: 'pending', n: 1 },
  ])
})

test('two keys with the same hash are two deliveries, merged or not', async () => {
  const { path, storage } = openMerging()
  // A well-known pair with the same CRC-32.
  const pair = ['plumless', 'buckeroo'].map((key) => queuedDelivery({ key }))
  await storage.insert(pair[0]!)
  await fill(storage, 3 * RUN_LENGTH)
  expect(await storage.insert(pair[1]!)).toBe('enqueued')
  await fill(storage, 3 * RUN_LENGTH)
  expect(query(path, 'SELECT count(*) AS n FROM gwh_keys GROUP BY key_hash HAVING n > 1')).toEqual([{ n: 2 }])
  expect(await insertAll(storage, pair)).toEqual(['duplicate', 'duplicate'])
})

test('a file opened again in the middle of a merge knows every delivery', async () => {
  const { path, storage } = openMerging()
  const messages = await fill(storage, 3 * RUN_LENGTH + 40)
  const copy = temporaryFile()
  for (const suffix of ['', '-wal']) cpSync(path + suffix, copy + suffix)
  const again = openSqliteStorage({ path: copy })
  onTestFinished(() => again.close())
  expect(new Set(await insertAll(again, messages))).toEqual(new Set(['duplicate']))
  expect(await again.insert(queuedDelivery())).toBe('enqueued')
})

test('two connections that merge the keys of one file see each other’s deliveries at once', async () => {
  const { path, storage: left } = openMerging()
  const { storage: right } = openMerging(path)
  for (let rounds = 0; rounds < 40; rounds++) {
    const [fromLeft, fromRight] = [await fill(left, 9), await fill(right, 5)]
    expect(await insertAll(right, fromLeft)).toEqual(fromLeft.map(() => 'duplicate'))
    expect(await insertAll(left, fromRight)).toEqual(fromRight.map(() => 'duplicate'))
  }
  expect(merged(path)).toBeGreaterThan(RUN_LENGTH)
  expect(forgotten(path)).toEqual([])
})

test('what a failed group would have added or merged is neither known nor forgotten', async () => {
  const { path, storage } = openMerging()
  query(
    path,
    `CREATE TRIGGER fail BEFORE INSERT ON gwh_deliveries WHEN new.id = 'poison'
      BEGIN SELECT RAISE(ROLLBACK, 'no'); END`,
  )
  query(
    path,
    `CREATE TRIGGER fail_merged BEFORE UPDATE ON gwh_file WHEN EXISTS (SELECT 1 FROM gwh_deliveries WHERE id = 'late poison')
      BEGIN SELECT RAISE(ROLLBACK, 'no'); END`,
  )
  const { storage: other } = openMerging(path)
  const messages = []
  for (const poison of ['poison', 'late poison', 'poison', 'late poison', 'late poison', 'late poison']) {
    messages.push(...(await fill(storage, 90)))
    const failed = Array.from({ length: 60 }, () => queuedDelivery())
    const results = await Promise.allSettled([...failed, queuedDelivery({ id: poison })].map(storage.insert))
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['rejected']))
    expect(await insertAll(other, failed)).toEqual(failed.map(() => 'enqueued'))
    expect(await insertAll(storage, failed)).toEqual(failed.map(() => 'duplicate'))
    messages.push(...failed)
  }
  messages.push(...(await fill(storage, 2 * RUN_LENGTH)))
  expect(merged(path)).toBeGreaterThan(3 * RUN_LENGTH)
  expect([forgotten(path), strangers(path)]).toEqual([[], []])
  expect(new Set(await insertAll(storage, messages))).toEqual(new Set(['duplicate']))
})

test('a purge forgets merged keys too', async () => {
  const clock = createFakeClock(0)
  const { path, storage } = openMerging(temporaryFile(), clock)
  const messages = await fill(storage, 4 * RUN_LENGTH)
  for (const lease of await storage.claim(TERMS)) await storage.complete(lease, 0)
  for (let hours = 0; hours < 120; hours += 12) {
    await clock.advance(12 * HOUR_MS)
    await storage.claim({ ...TERMS, now: hours * HOUR_MS })
  }
  expect(query(path, 'SELECT count(*) AS n FROM gwh_deliveries')).toEqual([{ n: 0 }])
  expect(merged(path)).toBe(0)
  expect(await storage.insert(messages[0]!)).toBe('enqueued')
})
