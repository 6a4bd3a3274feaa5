import { copyFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue, createSqliteStore, openSqliteStorage } from '../src/index.ts'
import { countCommits, query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const KEYS = 'SELECT key FROM gwh_deliveries'

function openQueue(path = temporaryFile()) {
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  return { path, queue }
}

const deliveries = (count: number) => Array.from({ length: count }, () => queuedDelivery())

test('deliveries enqueued in one turn of the event loop commit as one transaction', async () => {
  const { path, queue } = openQueue()
  const before = countCommits(path)
  const results = await Promise.all(deliveries(200).map((message) => queue.enqueue(message)))
  expect(new Set(results)).toEqual(new Set(['enqueued']))
  expect(countCommits(path) - before).toBe(1)
  expect(query(path, KEYS)).toHaveLength(200)
})

test('deliveries enqueued one after the other commit one by one', async () => {
  const { path, queue } = openQueue()
  const before = countCommits(path)
  for (const message of deliveries(20)) await queue.enqueue(message)
  expect(countCommits(path) - before).toBe(20)
})

test('transitions of all kinds share the transaction of their turn', async () => {
  const path = temporaryFile()
  const storage = openSqliteStorage({ path })
  onTestFinished(() => storage.close())
  await Promise.all(deliveries(3).map((message) => storage.insert(message)))
  const [first, second, third] = await storage.claim({ limit: 3, now: 0, leaseUntil: 1_000 })
  const before = countCommits(path)
  await Promise.all([
    storage.complete(first!, 1),
    storage.retry(second!, 5, 0),
    storage.deadLetter(third!, 'attempts', 1),
    storage.insert(queuedDelivery()),
  ])
  expect(countCommits(path) - before).toBe(1)
  expect(await storage.stats(2)).toMatchObject({ done: 1, retrying: 1, dead: 1, pending: 1 })
})

test('every other connection sees a delivery by the time its enqueue resolves', async () => {
  const { path, queue } = openQueue()
  const reader = new DatabaseSync(path)
  onTestFinished(() => reader.close())
  const find = reader.prepare(`${KEYS} WHERE key = ?`)
  const seen = await Promise.all(
    deliveries(50).map((message) =>
      queue.enqueue(message).then(() => find.get(message.key)?.key === message.key),
    ),
  )
  expect(seen).toEqual(seen.map(() => true))
})

test('a delivery is in the files when it is acknowledged', async () => {
  const { path, queue } = openQueue()
  const copy = temporaryFile()
  const messages = deliveries(50)
  await Promise.all(messages.map((message) => queue.enqueue(message)))
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix)
  expect(
    query(copy, KEYS)
      .map((row) => row.key)
      .sort(),
  ).toEqual(messages.map(({ key }) => key).sort())
})

test('a delivery with a field of the wrong type is refused without affecting its group', async () => {
  const { path, queue } = openQueue()
  const [good, bad] = [queuedDelivery(), queuedDelivery({ receivedAt: Number.NaN })]
  const results = await Promise.allSettled([queue.enqueue(good), queue.enqueue(bad)])
  expect(results).toMatchObject([{ value: 'enqueued' }, { reason: { code: 'option_invalid' } }])
  expect(query(path, KEYS)).toEqual([{ key: good.key }])
})

test('close commits every write that came before it', async () => {
  const { path, queue } = openQueue()
  const enqueued = queue.enqueue(queuedDelivery())
  await queue.close()
  expect(await enqueued).toBe('enqueued')
  expect(query(path, KEYS)).toHaveLength(1)
})

test('close may be called twice, and writes after it are refused', async () => {
  const { queue } = openQueue()
  await queue.close()
  await queue.close()
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject({ code: 'store_unavailable' })
  await expect(queue.stats()).rejects.toMatchObject({ code: 'store_unavailable' })
})

test('claims of an idempotency store made in one turn commit as one transaction', async () => {
  const path = temporaryFile()
  const store = createSqliteStore({ path })
  onTestFinished(() => store.close?.())
  const before = countCommits(path)
  const deadlines = { leaseUntil: Date.now() + 60_000, expiresAt: Date.now() + 90_000_000 }
  const claims = await Promise.all(
    Array.from({ length: 50 }, (_, index) => store.claim(`key-${index}`, deadlines)),
  )
  expect(claims.every((claim) => claim.status === 'claimed')).toBe(true)
  expect(countCommits(path) - before).toBe(1)
})

test('two keys with the same hash are two deliveries', async () => {
  const path = temporaryFile()
  const storage = openSqliteStorage({ path })
  onTestFinished(() => storage.close())
  // A well-known pair with the same CRC-32.
  const pair = ['plumless', 'buckeroo'].map((key) => queuedDelivery({ key }))
  const both = await Promise.all([...pair, ...pair].map((message) => storage.insert(message)))
  expect(both).toEqual(['enqueued', 'enqueued', 'duplicate', 'duplicate'])
  expect(query(path, 'SELECT count(DISTINCT key_hash) AS hashes FROM gwh_deliveries')).toEqual([
    { hashes: 1 },
  ])
  const [first, second] = await storage.claim({ limit: 2, now: 0, leaseUntil: 1_000 })
  expect(await storage.deadLetter(first!, 'attempts', 1)).toBe(true)
  expect(await storage.complete(second!, 1)).toBe(true)
  expect(await storage.redrive(second!.key, 2)).toBe(0)
  expect(await storage.redrive(first!.key, 2)).toBe(1)
})
