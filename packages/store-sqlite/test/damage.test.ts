import { chmodSync, cpSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createStoredQueue } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue, openSqliteStorage } from '../src/index.ts'
import { openDatabase } from '../src/lib/database/database.ts'
import {
  copyFiles,
  examine,
  flipBit,
  leaveRemains,
  overwrite,
  type Remains,
  remove,
  sizeOf,
} from './damaged-files.ts'
import { query } from './inspect.ts'
import { seededRandom } from './seeded-random.ts'
import { temporaryFile } from './temporary-file.ts'

const CORRUPT = { name: 'WebhookUnavailableError', code: 'store_corrupt', status: 503 }
const UNAVAILABLE = { name: 'WebhookUnavailableError', code: 'store_unavailable', status: 503 }

test('a queue whose process was killed loses nothing when nothing is damaged', async () => {
  const { path, acknowledged } = await leaveRemains()
  expect(await examine(copyFiles(path), acknowledged)).toEqual({ refused: undefined })
})

test('one flipped bit, wherever it is, leaves every delivery as it was or is refused with a code', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom('flipped bits')
  const { path, acknowledged } = await leaveRemains()
  const cases = Object.entries({ '': 28, '-wal': 28, '-shm': 4 }).flatMap(([suffix, count]) =>
    Array.from({ length: count }, () => suffix),
  )
  const wrong: unknown[] = []
  for (const suffix of cases) {
    const copy = copyFiles(path)
    const position = Math.floor(random() * sizeOf(copy + suffix))
    flipBit(copy + suffix, position, Math.floor(random() * 8))
    const verdict = await examine(copy, acknowledged)
    if ('wrong' in verdict) wrong.push({ suffix, position, ...verdict })
    rmSync(dirname(copy), { recursive: true })
  }
  expect(wrong).toEqual([])
})

const FATAL: Record<string, (path: string, remains: Remains) => void> = {
  'its first page is all zeros': (path) => {
    // Otherwise the log has a good copy of that page.
    query(path, 'PRAGMA wal_checkpoint(TRUNCATE)')
    overwrite(path, 0, new Uint8Array(4_096))
  },
  'its write-ahead log was deleted': (path) => remove(path, '-wal', '-shm'),
  'only the log was deleted, not its index': (path) => remove(path, '-wal'),
  'its log lost its end': (path) => truncateSync(`${path}-wal`, sizeOf(`${path}-wal`) - 5_000),
  'the header of its log is damaged': (path) => flipBit(`${path}-wal`, 17, 3),
  'its log is damaged near the beginning': (path) => flipBit(`${path}-wal`, 5_000, 3),
  'it was replaced by an older copy': (path, { older }) => {
    remove(path, '-wal', '-shm')
    cpSync(older, path)
  },
}

test.each(Object.entries(FATAL))('a database is refused as corrupt when %s', async (_, damage) => {
  const remains = await leaveRemains()
  damage(remains.path, remains)
  // Twice: what a refusal leaves behind must not look sound.
  for (let times = 0; times < 2; times++) {
    expect(() => createSqliteQueue({ path: remains.path })).toThrow(expect.objectContaining(CORRUPT))
  }
})

test('the index of the log may be deleted, because SQLite makes it again', async () => {
  const { path, acknowledged } = await leaveRemains()
  remove(path, '-shm')
  expect(await examine(path, acknowledged)).toEqual({ refused: undefined })
})

test.each(['an empty file', 'half a record', 'a record with a flipped bit'])(
  'a commit counter that proves nothing refuses nothing: %s',
  async (what) => {
    const { path, acknowledged } = await leaveRemains()
    if (what === 'an empty file') truncateSync(`${path}-acked`, 0)
    else if (what === 'half a record') truncateSync(`${path}-acked`, 16)
    else flipBit(`${path}-acked`, 25, 1)
    expect(await examine(path, acknowledged)).toEqual({ refused: undefined })
  },
)

test('deleting the commit counter accepts a loss, and the rest can be used', async () => {
  const { path, acknowledged } = await leaveRemains()
  remove(path, '-wal', '-shm')
  expect(() => createSqliteQueue({ path })).toThrow(`delete ${path}-acked`)
  remove(path, '-acked')
  expect(await examine(path, acknowledged.slice(0, 300))).toEqual({ refused: undefined })
})

test('a new database beside the commit counter of a deleted one is used', async () => {
  const { path } = await leaveRemains()
  remove(path, '', '-wal', '-shm')
  expect(await examine(path, [])).toEqual({ refused: undefined })
})

test('polling for deliveries and enqueueing known ones writes nothing', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  const message = queuedDelivery()
  await queue.enqueue(message)
  await queue.drain(async () => {})
  const before = sizeOf(`${path}-wal`)
  expect(await queue.enqueue(message)).toBe('duplicate')
  await queue.drain(async () => {})
  expect(sizeOf(`${path}-wal`)).toBe(before)
})

test.each(['', '-wal', '-shm'])(
  'nothing more is acknowledged once a file was deleted under the queue: queue.db%s',
  async (suffix) => {
    const path = temporaryFile()
    const queue = createSqliteQueue({ path })
    onTestFinished(() => queue.close())
    expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
    rmSync(path + suffix)
    await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
    writeFileSync(path + suffix, '')
    await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
  },
)

test('nothing more is acknowledged once the file was renamed under the queue', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  onTestFinished(() => queue.close())
  renameSync(path, `${path}.moved`)
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
})

test('a queue in a read-only folder works fully or is refused', async () => {
  const { path, acknowledged } = await leaveRemains()
  remove(path, '-shm')
  chmodSync(dirname(path), 0o555)
  onTestFinished(() => chmodSync(dirname(path), 0o755))
  // Root may write there anyway.
  const expected = process.getuid?.() === 0 ? undefined : 'store_unavailable'
  expect(await examine(path, acknowledged)).toEqual({ refused: expected })
})

test('a query that fails rejects with a code', async () => {
  const path = temporaryFile()
  const storage = openSqliteStorage({ path })
  const queue = createStoredQueue(storage)
  onTestFinished(() => queue.close())
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  other.exec('DROP TABLE gwh_deliveries')
  await expect(queue.stats()).rejects.toMatchObject(UNAVAILABLE)
})

/** Damages a page of a table so that only a check of every page finds it. */
function damagePage(path: string): void {
  const root = Number(
    query(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'gwh_claims'")[0]?.rootpage,
  )
  overwrite(path, (root - 1) * 4_096, new Uint8Array(4_096).fill(0x5a))
}

test('a large file is checked page by page when its process was killed', async () => {
  const { path } = await leaveRemains()
  damagePage(path)
  expect(() => openDatabase(path, { quickCheckBytes: 0 })).toThrow(expect.objectContaining(CORRUPT))
})

test('a large file that was closed in order is opened without that check', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  await queue.enqueue(queuedDelivery())
  await queue.close()
  damagePage(path)
  expect(() => openDatabase(path)).toThrow(expect.objectContaining(CORRUPT))
  openDatabase(path, { quickCheckBytes: 0 }).close()
})

test('a file that was written to after it was closed in order counts as one whose process was killed', async () => {
  const path = temporaryFile()
  const queue = createSqliteQueue({ path })
  await queue.close()
  query(path, 'UPDATE gwh_file SET commits = commits + 1')
  damagePage(path)
  expect(() => openDatabase(path, { quickCheckBytes: 0 })).toThrow(expect.objectContaining(CORRUPT))
})
