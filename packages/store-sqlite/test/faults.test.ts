import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createStoredQueue } from '@gwh/core/queue'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue, createSqliteStore } from '../src/index.ts'
import { createGroupCommit } from '../src/lib/commit/group-commit.ts'
import { checkDurability, openDatabase } from '../src/lib/database/database.ts'
import { createSqliteStorage } from '../src/lib/queue/sqlite-storage.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const CORRUPT = { name: 'WebhookUnavailableError', code: 'store_corrupt', status: 503 }
const UNAVAILABLE = { name: 'WebhookUnavailableError', code: 'store_unavailable', status: 503 }

/** Another connection that holds the write lock until `release`. */
function holdLock(path: string) {
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  return { release: () => other.exec('ROLLBACK') }
}

function openLocked() {
  const path = temporaryFile()
  const clock = createFakeClock()
  const queue = createSqliteQueue({ path, clock })
  onTestFinished(() => queue.close())
  return { path, clock, queue, lock: holdLock(path) }
}

test('a lock held longer than the budget rejects what waits for it, and the queue recovers afterwards', async () => {
  const { clock, queue, lock } = openLocked()
  const message = queuedDelivery()
  const refused = expect(queue.enqueue(message)).rejects.toMatchObject(UNAVAILABLE)
  await clock.advance(2_000)
  await refused
  lock.release()
  expect(await queue.enqueue(message)).toBe('enqueued')
})

test('a lock released within the budget only delays', async () => {
  const { clock, queue, lock } = openLocked()
  let settled = false
  const enqueued = queue.enqueue(queuedDelivery()).finally(() => {
    settled = true
  })
  await clock.advance(1_000)
  expect(settled).toBe(false)
  lock.release()
  await clock.advance(1_000)
  expect(await enqueued).toBe('enqueued')
})

test('each delivery has its own budget for a lock', async () => {
  const { clock, queue, lock } = openLocked()
  const early = expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
  await clock.advance(1_000)
  const late = queue.enqueue(queuedDelivery())
  await clock.advance(1_000)
  await early
  lock.release()
  await clock.advance(1_000)
  expect(await late).toBe('enqueued')
})

test('reads continue while another connection writes', async () => {
  const { queue } = openLocked()
  expect(await queue.stats()).toMatchObject({ pending: 0 })
})

test('a full disk rejects the whole group, keeps none of it, and the queue recovers once there is space', async () => {
  const path = temporaryFile()
  const database = openDatabase(path)
  const queue = createStoredQueue(createSqliteStorage({ database, path, given: false }))
  onTestFinished(() => queue.close())
  const pages = database.prepare('PRAGMA page_count').get()?.page_count
  database.exec(`PRAGMA max_page_count = ${Number(pages) + 4}`)

  const messages = Array.from({ length: 50 }, () => queuedDelivery({ body: new Uint8Array(2_000) }))
  const results = await Promise.allSettled(messages.map((message) => queue.enqueue(message)))
  expect(results.map(({ status }) => status)).toEqual(messages.map(() => 'rejected'))
  expect(results[0]).toMatchObject({ reason: UNAVAILABLE })
  expect(await queue.stats()).toMatchObject({ pending: 0 })

  database.exec('PRAGMA max_page_count = 1000000')
  expect(await Promise.all(messages.map((message) => queue.enqueue(message)))).toEqual(
    messages.map(() => 'enqueued'),
  )
  expect(query(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
})

test('a group whose COMMIT fails is rejected as a whole, and the next one commits', async () => {
  const database = openDatabase(temporaryFile())
  database.exec(`PRAGMA foreign_keys = ON;
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)`)
  const group = createGroupCommit(database, createFakeClock())
  onTestFinished(() => group.close())
  const insert = (sql: string) => group.write(() => database.exec(sql))

  // SQLite looks at a deferred constraint only when it commits.
  const results = await Promise.allSettled([
    insert('INSERT INTO parents VALUES (1)'),
    insert('INSERT INTO children VALUES (2)'),
  ])
  expect(results).toMatchObject([{ reason: UNAVAILABLE }, { reason: UNAVAILABLE }])
  await insert('INSERT INTO parents VALUES (3)')
  expect(database.prepare('SELECT id FROM parents').all()).toEqual([{ id: 3 }])
})

test('a connection syncs before it commits, even after its first write', async () => {
  const database = openDatabase(temporaryFile())
  onTestFinished(() => database.close())
  database.exec("INSERT INTO gwh_claims VALUES ('a', 'released', 't', 1, 0, 0)")
  expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
})

test('a connection that does not sync before it commits is refused', () => {
  const database = new DatabaseSync(temporaryFile())
  onTestFinished(() => database.close())
  database.exec('PRAGMA synchronous = NORMAL')
  expect(() => checkDurability(database)).toThrow(expect.objectContaining(UNAVAILABLE))
})

test('a statement blocks the event loop for at most 50 milliseconds while another connection writes', () => {
  const database = openDatabase(temporaryFile())
  onTestFinished(() => database.close())
  expect(database.prepare('PRAGMA busy_timeout').get()?.timeout).toBeLessThanOrEqual(50)
})

test('a file with a newer schema is refused and not changed', async () => {
  const path = temporaryFile()
  await createSqliteQueue({ path }).close()
  query(path, 'UPDATE gwh_file SET schema_version = 99')
  expect(() => createSqliteQueue({ path })).toThrow(/schema version 99, newer than/)
  expect(() => createSqliteStore({ path })).toThrow(expect.objectContaining(CORRUPT))
  expect(query(path, 'SELECT schema_version FROM gwh_file')).toEqual([{ schema_version: 99 }])
})

test('a file of the layout without prefixes is refused and not changed', () => {
  const path = temporaryFile()
  query(path, 'CREATE TABLE deliveries (key TEXT, key_hash INTEGER, state_time REAL, dead_reason TEXT)')
  expect(() => createSqliteQueue({ path })).toThrow(/older layout.*was not changed/)
  expect(() => createSqliteStore({ path })).toThrow(expect.objectContaining(CORRUPT))
  expect(query(path, 'SELECT name FROM sqlite_schema')).toEqual([{ name: 'deliveries' }])
})

test('a migration that fails leaves nothing of itself behind', () => {
  const path = temporaryFile()
  query(path, 'CREATE TABLE gwh_claims (somebody_elses TEXT)')
  expect(() => createSqliteQueue({ path })).toThrow(expect.objectContaining(UNAVAILABLE))
  expect(query(path, 'SELECT name FROM sqlite_schema')).toEqual([{ name: 'gwh_claims' }])
})

test('an existing file is opened again without changing what it holds', async () => {
  const path = temporaryFile()
  const message = queuedDelivery()
  for (const expected of ['enqueued', 'duplicate', 'duplicate']) {
    const queue = createSqliteQueue({ path })
    expect(await queue.enqueue(message)).toBe(expected)
    await queue.close()
  }
})

test('a file that is not a database is refused', () => {
  const path = temporaryFile()
  writeFileSync(path, 'neither a database nor empty. '.repeat(500))
  expect(() => createSqliteQueue({ path })).toThrow(expect.objectContaining(CORRUPT))
})

test('a database that lost its end is refused', async () => {
  const path = await filledFile()
  truncateSync(path, 40_960)
  expect(() => createSqliteQueue({ path })).toThrow(expect.objectContaining(CORRUPT))
})

test('a database with an overwritten page is refused', async () => {
  const path = await filledFile()
  const database = new DatabaseSync(path)
  const root = database
    .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'gwh_deliveries'")
    .get()?.rootpage
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.page_size)
  database.close()
  overwrite(path, (Number(root) - 1) * pageBytes, new Uint8Array(pageBytes).fill(0x5a))
  expect(() => createSqliteQueue({ path })).toThrow(expect.objectContaining(CORRUPT))
})

test('a path that cannot be opened is refused', () => {
  const directory = temporaryFile('directory')
  mkdirSync(directory)
  for (const path of [directory, `${directory}/absent/queue.db`]) {
    expect(() => createSqliteQueue({ path })).toThrow(expect.objectContaining(UNAVAILABLE))
  }
})

test.each(['', '  ', 'file:queue.db?mode=memory', undefined])('%j is no path', (path) => {
  const options = { path: path as string }
  const invalid = expect.objectContaining({ name: 'WebhookConfigError', code: 'option_invalid' })
  expect(() => createSqliteQueue(options)).toThrow(invalid)
  expect(() => createSqliteStore(options)).toThrow(invalid)
  if (path) expect(existsSync(path)).toBe(false)
})

test('an unknown option is refused', () => {
  const misspelt = { path: ':memory:', retentionMS: 1 }
  const invalid = expect.objectContaining({ code: 'option_invalid' })
  expect(() => createSqliteQueue(misspelt)).toThrow(invalid)
  expect(() => createSqliteStore(misspelt)).toThrow(invalid)
})

test('nothing more is acknowledged once the file was deleted under the queue', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  rmSync(path)
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
  writeFileSync(path, '')
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
})

test('a queue and an idempotency store share one file', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  const store = createSqliteStore({ path })
  onTestFinished(() => queue.close())
  onTestFinished(() => store.close?.())
  const deadlines = { leaseUntil: Date.now() + 60_000, expiresAt: Date.now() + 90_000_000 }
  const [enqueued, claim] = await Promise.all([queue.enqueue(queuedDelivery()), store.claim('a', deadlines)])
  expect([enqueued, claim.status]).toEqual(['enqueued', 'claimed'])
})

async function filledFile(): Promise<string> {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  await Promise.all(Array.from({ length: 300 }, () => queue.enqueue(queuedDelivery())))
  await queue.close()
  return path
}

function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, position)
  closeSync(file)
}
