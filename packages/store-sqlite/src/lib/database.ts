import { DatabaseSync } from 'node:sqlite'
import { WebhookConfigError, WebhookUnavailableError } from '@gwh/core/errors'
import { migrate } from './schema.ts'
import { isLocked, toUnavailable } from './sqlite-errors.ts'

/** The path of a database that lives in memory only, for tests. */
export const MEMORY_PATH = ':memory:'

/** How long a statement blocks the event loop while another connection writes; the rest is waited for outside. */
export const BUSY_TIMEOUT_MS = 10

const OPEN_BUDGET_MS = 2_000
const OPEN_WAIT_MS = 20
const LOG_LIMIT_BYTES = 64 * 1024 * 1024
const CACHE_KIB = 64 * 1024
const SYNCHRONOUS_FULL = 2

/**
 * Opens a database file that is checked, up to date and set to survive a power cut.
 *
 * Blocks up to 2 seconds when another process holds the file, for instance to migrate it.
 *
 * @throws WebhookConfigError `option_invalid` when `path` is not a file system path
 * @throws WebhookUnavailableError `store_unavailable` when the file is corrupt, locked, unreadable, read-only,
 *   of a newer schema, or on a file system where SQLite cannot keep a write-ahead log
 */
export function openDatabase(path: string): DatabaseSync {
  checkPath(path)
  const database = guarded('open the database', () => new DatabaseSync(path))
  try {
    guarded('open the database', () => prepareForUse(database, path))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function checkPath(path: unknown): void {
  // SQLite reads 'file:…' as a URI whose query can turn durability off.
  if (typeof path === 'string' && path.trim() !== '' && !/^file:/i.test(path)) return
  throw new WebhookConfigError('option_invalid', 'path must be the path of a database file')
}

function prepareForUse(database: DatabaseSync, path: string): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  whileLocked(() => useWriteAheadLog(database, path))
  database.exec('PRAGMA synchronous = FULL')
  // On macOS a plain fsync leaves the data in the drive's cache; elsewhere this does nothing.
  database.exec('PRAGMA fullfsync = ON')
  database.exec(`PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`)
  // In kibibytes when negative. Keys are random, so the whole index over them should stay in memory.
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
  checkIntegrity(database)
  whileLocked(() => migrate(database))
  checkDurability(database)
}

function useWriteAheadLog(database: DatabaseSync, path: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
  if (mode === 'wal' || path === MEMORY_PATH) return
  throw new WebhookUnavailableError(
    'store_unavailable',
    `the database cannot keep a write-ahead log here (journal mode ${String(mode)})`,
  )
}

function checkIntegrity(database: DatabaseSync): void {
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (verdict === 'ok') return
  throw new WebhookUnavailableError('store_unavailable', `the database is corrupt: ${String(verdict)}`)
}

/**
 * Refuses a connection that would acknowledge what a power cut can still take away.
 *
 * To be called after a write: some builds of SQLite report FULL and fall back to NORMAL with the first one.
 *
 * @throws WebhookUnavailableError `store_unavailable`
 */
export function checkDurability(database: DatabaseSync): void {
  const level = database.prepare('PRAGMA synchronous').get()?.synchronous
  if (level === SYNCHRONOUS_FULL) return
  throw new WebhookUnavailableError(
    'store_unavailable',
    `the database does not sync before it commits (synchronous is ${String(level)}, not ${SYNCHRONOUS_FULL})`,
  )
}

// Blocks: opening is synchronous, and nothing can be served before it is done anyway.
function whileLocked<T>(step: () => T): T {
  for (let waitedMs = 0; ; waitedMs += OPEN_WAIT_MS + BUSY_TIMEOUT_MS) {
    try {
      return step()
    } catch (error) {
      if (!isLocked(error) || waitedMs >= OPEN_BUDGET_MS) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_WAIT_MS)
    }
  }
}

function guarded<T>(doing: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw toUnavailable(error, doing)
  }
}
