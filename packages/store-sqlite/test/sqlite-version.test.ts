import { createStoredQueue } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../src/lib/database/database.ts'
import { mayShareFiles } from '../src/lib/database/sqlite-version.ts'
import { createSqliteStorage } from '../src/lib/queue/sqlite-storage.ts'
import { startChild } from './children/start-child.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const OLD = '3.51.2'
const NEW = '3.51.3'
/** For how long a lock that is never released is waited for, in milliseconds. */
const SOON = 200

test.each([
  ['3.51.3', true],
  ['3.51.10', true],
  ['3.52.0', true],
  ['4.0.0', true],
  ['3.51.2', false],
  ['3.9.3', false],
  ['3.50.99', false],
  ['2.99.99', false],
  ['3.51', false],
  ['', false],
])('SQLite %s may share a file: %s', (version, expected) => {
  expect(mayShareFiles(version)).toBe(expected)
})

/** What another process prints when it opens a file; it keeps the file open until the test ends. */
async function openElsewhere(path: string, version: string, lockBudgetMs = 10_000): Promise<string> {
  const child = startChild('./open-queue.ts', path, version, String(lockBudgetMs))
  onTestFinished(async () => {
    child.process.kill('SIGKILL')
    await child.ended
  })
  return await new Promise((resolve) => child.onLine(resolve))
}

const REFUSED = /^store_unavailable: could not open the database.*keeps the database locked/

test('a file opened by an old SQLite is refused to every other process', async () => {
  const path = temporaryFile()
  const database = openDatabase(path, { version: OLD })
  onTestFinished(() => database.close())
  expect(await openElsewhere(path, OLD, SOON)).toMatch(REFUSED)
  expect(await openElsewhere(path, NEW, SOON)).toMatch(REFUSED)
  expect(() => query(path, 'SELECT 1 FROM sqlite_schema')).toThrow(/locked/)
})

test('an old SQLite refuses a file that another process has open, and names the version that would not', async () => {
  const path = temporaryFile()
  expect(await openElsewhere(path, NEW)).toBe('opened')
  expect(() => openDatabase(path, { version: OLD, lockBudgetMs: SOON })).toThrow(
    expect.objectContaining({ code: 'store_unavailable', message: expect.stringContaining('3.51.3') }),
  )
})

test('two processes with a new SQLite share a file', async () => {
  const path = temporaryFile()
  expect(await openElsewhere(path, NEW)).toBe('opened')
  expect(await openElsewhere(path, NEW)).toBe('opened')
})

test('a file is free again when the process with the old SQLite was killed', async () => {
  const path = temporaryFile()
  const child = startChild('./open-queue.ts', path, OLD)
  child.onLine(() => child.process.kill('SIGKILL'))
  await child.ended
  openDatabase(path, { version: OLD }).close()
})

test('a queue on an old SQLite keeps the whole contract, but shares its file with no other process', async () => {
  const path = temporaryFile()
  const open = () =>
    createStoredQueue(
      createSqliteStorage({ database: openDatabase(path, { version: OLD }), path, given: false }),
    )
  const first = open()
  const message = queuedDelivery()
  expect(await first.enqueue(message)).toBe('enqueued')
  await first.close()
  const second = open()
  onTestFinished(() => second.close())
  expect(await second.enqueue(message)).toBe('duplicate')
  expect(await second.drain(async () => {})).toEqual({ processed: 1 })
})
