import { setTimeout as wait } from 'node:timers/promises'
import type { Effect, LeasedDelivery } from '@gwh/core/queue'
import { createStoredQueue } from '@gwh/core/queue'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../src/lib/database/database.ts'
import { createSqliteStorage } from '../src/lib/queue/sqlite-storage.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const NOW = 1_795_100_000_000

async function openHarness(deliveries = 1) {
  const path = temporaryFile()
  const database = openDatabase(path)
  database.exec('CREATE TABLE orders (name TEXT PRIMARY KEY, paid TEXT)')
  const clock = createFakeClock(NOW)
  const storage = createSqliteStorage({ database, path, given: false }, { clock })
  onTestFinished(() => storage.close())
  for (let index = 0; index < deliveries; index++) await storage.insert(queuedDelivery())
  const leases = await storage.claim({ limit: deliveries, now: NOW, leaseUntil: NOW + 60_000 })
  const orders = () => query(path, 'SELECT name FROM orders ORDER BY name').map((row) => row.name)
  return { path, database, storage, clock, leases, lease: leases[0]!, orders }
}

const pay =
  (name: string): Effect =>
  (database) =>
    void database.prepare('INSERT INTO orders (name) VALUES (?)').run(name)

test('an effect is committed together with its completion', async () => {
  const { path, storage, clock, orders } = await openHarness(0)
  const queue = createStoredQueue(storage, { clock })
  await queue.enqueue(queuedDelivery({ id: 'one' }))
  await queue.drain(async (message, { tx }) => tx?.(pay(message.id)))
  expect(orders()).toEqual(['one'])
  expect(query(path, 'SELECT state FROM gwh_deliveries')).toEqual([{ state: 'done' }])
})

test('an effect that throws rolls back its completion, which rejects with the same error', async () => {
  const { path, storage, lease, orders } = await openHarness()
  const failure = new RangeError('no such order')
  const effects = [
    pay('a'),
    () => {
      throw failure
    },
  ]
  await expect(storage.complete(lease, NOW, effects)).rejects.toBe(failure)
  expect(orders()).toEqual([])
  expect(query(path, 'SELECT state FROM gwh_deliveries')).toEqual([{ state: 'running' }])
})

test('an effect may throw what cannot be read', async () => {
  const trap = () => expect.unreachable()
  const thrown: unknown = new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap })
  const { path, storage, leases } = await openHarness(2)
  const effects = [
    () => {
      throw thrown
    },
  ]
  const results = await Promise.allSettled([
    storage.complete(leases[0]!, NOW, effects),
    storage.complete(leases[1]!, NOW),
  ])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  expect(query(path, 'SELECT state FROM gwh_deliveries ORDER BY seq')).toEqual([
    { state: 'running' },
    { state: 'done' },
  ])
})

test('an effect that throws does not affect the rest of its group', async () => {
  const { storage, leases, orders } = await openHarness(3)
  const [first, second, third] = leases as [LeasedDelivery, LeasedDelivery, LeasedDelivery]
  const results = await Promise.allSettled([
    storage.complete(first, NOW, [pay('first')]),
    // The same order twice breaks the primary key of the table.
    storage.complete(second, NOW, [pay('second'), pay('second')]),
    storage.complete(third, NOW, [pay('third')]),
    storage.insert(queuedDelivery()),
  ])
  expect(results).toMatchObject([
    { value: true },
    { reason: { message: expect.stringContaining('UNIQUE') } },
    { value: true },
    { value: 'enqueued' },
  ])
  expect(orders()).toEqual(['first', 'third'])
  expect(await storage.stats(NOW)).toMatchObject({ done: 2, running: 1, pending: 1 })
})

test('a delivery whose effect throws is retried like any that failed', async () => {
  const { storage, clock, orders } = await openHarness(0)
  const queue = createStoredQueue(storage, { clock, random: () => 0 })
  await queue.enqueue(queuedDelivery())
  let tries = 0
  const handler = async (_: unknown, { tx }: { tx?: (effect: Effect) => void }) => {
    tries += 1
    tx?.(pay('a'))
    if (tries === 1) tx?.(pay('a'))
  }
  await queue.drain(handler)
  expect(orders()).toEqual([])
  await clock.advance(1_000)
  await queue.drain(handler)
  expect(orders()).toEqual(['a'])
  expect(await queue.stats()).toMatchObject({ done: 1, retrying: 0 })
})

test('no effect runs once the lease is lost', async () => {
  const { storage, lease, orders } = await openHarness()
  await storage.claim({ limit: 1, now: NOW + 60_000, leaseUntil: NOW + 120_000 })
  let ran = false
  const effect = () => {
    ran = true
  }
  expect(await storage.complete(lease, NOW, [effect, pay('a')])).toBe(false)
  expect([ran, orders()]).toEqual([false, []])
})

test('of two completions of one lease only the first has an effect', async () => {
  const { storage, lease, orders } = await openHarness()
  const both = [pay('a'), pay('b')].map((effect) => storage.complete(lease, NOW, [effect]))
  expect(await Promise.all(both)).toEqual([true, false])
  expect(orders()).toEqual(['a'])
})

test('an effect that returns a promise is refused, and nothing of it is committed', async () => {
  const { storage, lease, orders } = await openHarness()
  let late: unknown
  const effect = async (database: Parameters<Effect>[0]) => {
    pay('before')(database)
    await wait(0)
    try {
      pay('after')(database)
    } catch (error) {
      late = error
      throw error
    }
  }
  await expect(storage.complete(lease, NOW, [effect as unknown as Effect])).rejects.toThrow(
    /must be synchronous/,
  )
  await expect.poll(() => late).toMatchObject({ message: expect.stringContaining('after it had returned') })
  expect(orders()).toEqual([])
})

test('a statement prepared by an effect cannot be used after it', async () => {
  const { storage, leases, orders } = await openHarness(2)
  let leaked: ReturnType<Parameters<Effect>[0]['prepare']> | undefined
  await storage.complete(leases[0]!, NOW, [
    (database) => {
      leaked = database.prepare("INSERT INTO orders (name) VALUES ('leaked')")
    },
  ])
  expect(() => leaked!.run()).toThrow(/after it had returned/)
  expect(orders()).toEqual([])
})

test.each([
  'COMMIT',
  'rollback',
  ' \n; END TRANSACTION',
  '/* first */ COMMIT -- last',
  '-- ; \nROLLBACK TO gwh_effects',
  'RELEASE gwh_effects',
  'SAVEPOINT mine',
  'BEGIN',
  "INSERT INTO orders (name) VALUES (';'); COMMIT",
])('an effect must not control the transaction: %j', async (sql) => {
  const { storage, leases, orders } = await openHarness(2)
  const ways: Effect[] = [(database) => database.exec(sql), (database) => void database.prepare(sql).run()]
  for (const [index, way] of ways.entries()) {
    await expect(storage.complete(leases[index]!, NOW, [pay('a'), way])).rejects.toMatchObject({
      code: 'handler_failed',
      message: expect.stringMatching(/must not control the transaction/),
    })
  }
  expect(orders()).toEqual([])
  expect(await storage.complete(leases[0]!, NOW, [pay('b')])).toBe(true)
})

test.each([
  "INSERT INTO orders (name) VALUES ('a; COMMIT')",
  `INSERT INTO orders (name, "paid") VALUES ('a', 'it''s; ROLLBACK')`,
  "/* ; END */ INSERT INTO orders (name) SELECT CASE 1 WHEN 1 THEN 'a' END -- ; COMMIT",
])('transaction keywords inside strings and comments are allowed: %j', async (sql) => {
  const { storage, lease, orders } = await openHarness()
  expect(await storage.complete(lease, NOW, [(database) => database.exec(sql)])).toBe(true)
  expect(orders()).toHaveLength(1)
})

test('an effect that makes SQLite end the transaction fails its whole group, and nothing is committed', async () => {
  const { path, storage, leases, orders } = await openHarness(2)
  const endIt: Effect = (database) => {
    pay('a')(database)
    try {
      database.exec("INSERT OR ROLLBACK INTO orders (name) VALUES ('a')")
    } catch {
      // Outside the transaction this would be permanent.
      pay('afterwards')(database)
    }
  }
  const results = await Promise.allSettled([
    storage.complete(leases[0]!, NOW, [pay('other')]),
    storage.complete(leases[1]!, NOW, [endIt]),
    storage.insert(queuedDelivery()),
  ])
  const ended = { status: 'rejected', reason: { code: 'store_unavailable' } }
  expect(results).toMatchObject([ended, ended, ended])
  expect(orders()).toEqual([])
  expect(query(path, 'SELECT state FROM gwh_deliveries')).toEqual([
    { state: 'running' },
    { state: 'running' },
  ])
  expect(await storage.complete(leases[0]!, NOW, [pay('other')])).toBe(true)
})

test('an effect that fails on a full disk is a failure of the store, not of its delivery', async () => {
  const { path, database, storage, lease } = await openHarness()
  const pages = database.prepare('PRAGMA page_count').get()?.page_count
  database.exec(`PRAGMA max_page_count = ${Number(pages)}`)
  const big: Effect = (handle) =>
    void handle.prepare("INSERT INTO orders VALUES ('big', ?)").run(new Uint8Array(100_000).join(' '))
  await expect(storage.complete(lease, NOW, [big])).rejects.toMatchObject({ code: 'store_unavailable' })
  database.exec('PRAGMA max_page_count = 1000000')
  expect(await storage.complete(lease, NOW, [big])).toBe(true)
  expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
})
