import { statSync } from 'node:fs'
import { queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue } from '../src/index.ts'
import { startCheckpointWorker } from '../src/lib/commit/checkpoint-worker.ts'
import { takeOverCheckpoints } from '../src/lib/commit/checkpoints.ts'
import { openDatabase } from '../src/lib/database/database.ts'
import { startChild } from './children/start-child.ts'
import { query } from './inspect.ts'
import { temporaryFile } from './temporary-file.ts'

const MEBIBYTE = 1024 * 1024

test('however much is written, the log stays below 64 MiB', { timeout: 60_000 }, async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path, minFreeBytes: 0 })
  onTestFinished(() => queue.close())
  const body = new Uint8Array(MEBIBYTE / 8)
  let longest = 0
  for (let written = 0; written < 200; written += 2) {
    await Promise.all(Array.from({ length: 16 }, () => queue.enqueue(queuedDelivery({ body }))))
    longest = Math.max(longest, statSync(`${path}-wal`).size)
  }
  expect(longest).toBeLessThan(64 * MEBIBYTE)
  expect(statSync(path).size).toBeGreaterThan(100 * MEBIBYTE)
  expect(query(path, 'PRAGMA quick_check')).toEqual([{ quick_check: 'ok' }])
})

test.each([
  ['has just started', 1],
  ['has done its work', 10],
])(
  'a queue that was not closed does not keep its process alive when its thread %s',
  { timeout: 60_000 },
  async (_, count) => {
    const child = startChild('./enqueue-much.ts', temporaryFile(), String(count))
    expect(await child.ended).toEqual({ code: 0, signal: null, errors: '' })
  },
)

test('closing waits for the thread, although the thread alone does not keep the process alive', async () => {
  // The thread has just begun to write back the 16 MiB before the last delivery.
  const child = startChild('./enqueue-much.ts', temporaryFile(), '9', 'close')
  const lines: string[] = []
  child.onLine((line) => lines.push(line))
  expect(await child.ended).toEqual({ code: 0, signal: null, errors: '' })
  expect(lines).toEqual(['closed'])
})

test('when the thread cannot open the file, the connection runs its checkpoints itself', async () => {
  const database = openDatabase(temporaryFile())
  onTestFinished(() => database.close())
  const checkpoints = takeOverCheckpoints(database, temporaryFile('absent/queue.db'))
  const interval = () => database.prepare('PRAGMA wal_autocheckpoint').get()?.wal_autocheckpoint
  const before = interval()
  checkpoints.committed(1, 64 * MEBIBYTE)
  expect(interval()).toBe(0)
  while (interval() === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(interval()).toBe(before)
  // Nothing waits for a thread that has ended.
  await checkpoints.ready()
  await checkpoints.close()
})

test('a thread that ends by itself is reported once, and nothing waits for it', async () => {
  let failures = 0
  const failed = new Promise<void>((resolve) => {
    const worker = startCheckpointWorker(temporaryFile('absent/queue.db'), () => {
      failures += 1
      resolve()
    })
    onTestFinished(() => worker.close())
  })
  await failed
  expect(failures).toBe(1)
})

test('with an old SQLite, which locks the file, the connection runs its checkpoints itself', () => {
  const path = temporaryFile()
  const database = openDatabase(path, { version: '3.51.2' })
  onTestFinished(() => database.close())
  takeOverCheckpoints(database, path).committed(1, 64 * MEBIBYTE)
  expect(database.prepare('PRAGMA wal_autocheckpoint').get()?.wal_autocheckpoint).toBeGreaterThan(0)
})

test('a closed queue leaves no log and no thread behind', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  const body = new Uint8Array(2 * MEBIBYTE)
  // Enough to start the thread, which then has the file open.
  for (let count = 0; count < 12; count++) await queue.enqueue(queuedDelivery({ body }))
  await queue.close()
  expect(statSync(`${path}-wal`, { throwIfNoEntry: false })).toBeUndefined()
})
