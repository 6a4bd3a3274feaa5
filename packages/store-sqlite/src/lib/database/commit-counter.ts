import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { WebhookUnavailableError } from '@gwh/core/errors'
import { MEMORY_PATH } from './memory-path.ts'

const RECORD_BYTES = 33
const MAGIC = 0x67776831

/**
 * Keeps the number of acknowledged commits of a database in a small file beside it.
 *
 * SQLite silently drops everything behind a damaged spot in its write-ahead log, and all of a log that was deleted.
 * The number in the database is then lower than the one in the file, so the loss is reported.
 * The file is written after the commit and never synced: it may lag behind the database, but is never ahead of it.
 */
export interface CommitCounter {
  /** Counts this commit, unless its transaction changed nothing. Call it last in each transaction. */
  count(): void
  /** Writes the count to the file beside the database. Call it after each COMMIT. */
  acknowledge(): void
  /** Reads the last count. Call it before the database is closed. */
  closing(): void
  /** Records whether we closed the database ourselves, or its owner will. Call it after closing. */
  closed(inOrder: boolean): void
}

/** Opens the counter of a database that is open and whose schema is up to date. */
export function openCommitCounter(database: DatabaseSync, path: string): CommitCounter {
  const { id } = readRow(database)
  const look = database.prepare('SELECT commits, total_changes() AS changes FROM gwh_file')
  // Not with RETURNING, which takes SQLite longer than these two together.
  const raise = database.prepare('UPDATE gwh_file SET commits = ?')
  const current = database.prepare('SELECT id, commits FROM gwh_file')
  const record = openRecord(path)
  let seen = Number(look.get()?.changes)
  let counted: FileRow | undefined
  let last: FileRow | undefined
  return {
    count() {
      const { commits, changes } = look.get() as unknown as { commits: number; changes: number }
      counted = changes === seen ? undefined : { id, commits: commits + 1 }
      if (counted) raise.run(counted.commits)
      seen = counted ? changes + 1 : changes
    },
    acknowledge() {
      if (counted) record.write(counted, false)
    },
    closing() {
      last = readQuietly(current)
    },
    closed(inOrder) {
      if (last) record.write(last, inOrder)
      record.close()
    },
  }
}

interface FileRow {
  /** Random, so that two databases that were at one path in turn can be told apart. */
  id: Uint8Array
  commits: number
}

function readQuietly(current: StatementSync): FileRow | undefined {
  try {
    return current.get() as unknown as FileRow
  } catch {
    // A database that cannot be read does not count as closed in order.
    return undefined
  }
}

/** Whether the last process that wrote to the database also closed it. */
export function wasClosedInOrder(database: DatabaseSync, path: string): boolean {
  const record = readRecord(path)
  const file = readFile(database)
  return record?.closed === true && record.id === file.id && record.commits === file.commits
}

function readFile(database: DatabaseSync): { id: string; commits: number } {
  const { id, commits } = readRow(database)
  return { id: Buffer.from(id).toString('hex'), commits }
}

function readRow(database: DatabaseSync): FileRow {
  return database.prepare('SELECT id, commits FROM gwh_file').get() as unknown as FileRow
}

/**
 * Refuses a database that has lost commits it once acknowledged. Call it before the first write.
 *
 * @throws WebhookUnavailableError `store_corrupt`
 */
export function checkCommitCounter(database: DatabaseSync, path: string): void {
  // Read before the database, which other processes may be writing to, so that the database can only be ahead.
  const acknowledged = readRecord(path)
  const file = readFile(database)
  if (acknowledged?.id !== file.id) return
  const lost = acknowledged.commits - file.commits
  if (lost <= 0) return
  throw new WebhookUnavailableError(
    'store_corrupt',
    `the database is missing its last ${lost} commits: its write-ahead log was damaged or deleted, or it was ` +
      `replaced by an older copy; restore it, or delete ${recordPath(path)} to continue without them`,
  )
}

function recordPath(path: string): string {
  return `${path}-acked`
}

function readRecord(path: string): { id: string; commits: number; closed: boolean } | undefined {
  if (path === MEMORY_PATH) return undefined
  try {
    const record = readFileSync(recordPath(path))
    const intact =
      record.readUInt32BE(0) === MAGIC && record.readUInt32BE(4) === crc32(record.subarray(8, RECORD_BYTES))
    if (!intact) return undefined
    const commits = Number(record.readBigUInt64BE(24))
    return { id: record.toString('hex', 8, 24), commits, closed: record[32] === 1 }
  } catch {
    // If the count is absent, truncated or unreadable, a loss cannot be detected.
    return undefined
  }
}

function openRecord(path: string) {
  if (path === MEMORY_PATH) return { write: () => {}, close: () => {} }
  // Created with the permissions of the database unless it exists; then it is left as it is.
  const mode = statSync(path).mode & 0o777
  let file: number | undefined = openSync(recordPath(path), constants.O_RDWR | constants.O_CREAT, mode)
  const record = Buffer.alloc(RECORD_BYTES)
  record.writeUInt32BE(MAGIC, 0)
  return {
    write({ id, commits }: FileRow, closed: boolean): void {
      if (file === undefined) return
      record.set(id, 8)
      record[32] = closed ? 1 : 0
      record.writeBigUInt64BE(BigInt(commits), 24)
      record.writeUInt32BE(crc32(record.subarray(8)), 4)
      try {
        writeSync(file, record, 0, RECORD_BYTES, 0)
      } catch {
        // The commit stands; the next record includes it.
      }
    },
    close(): void {
      if (file !== undefined) closeSync(file)
      file = undefined
    },
  }
}
