import { DatabaseSync } from 'node:sqlite'
import { WebhookConfigError, WebhookUnavailableError } from '@gwh/core/errors'
import { checkCommitCounter, wasClosedWell } from './commit-counter.ts'
import { MEMORY_PATH } from './memory-path.ts'
import { migrate, readVersion, SCHEMA_VERSION } from './schema.ts'
import { isLocked, toUnavailable } from './sqlite-errors.ts'
import { mayShareFiles, readSqliteVersion } from './sqlite-version.ts'

/** How long a statement blocks the event loop while another connection writes; the rest is waited for outside. */
export const BUSY_TIMEOUT_MS = 10

const OPEN_BUDGET_MS = 2_000
const OPEN_WAIT_MS = 20
const LOG_LIMIT_BYTES = 64 * 1024 * 1024
const CACHE_KIB = 64 * 1024
const QUICK_CHECK_BYTES = 64 * 1024 * 1024
export const CHECKPOINT_PAGES = 8_000
const SYNCHRONOUS_FULL = 2

/**
 * Opens a database file that is checked, up to date and set to survive a power cut.
 *
 * Blocks up to 2 seconds when another process holds the file, for instance to migrate it. With a SQLite older than
 * 3.51.3 the file is locked for as long as it is open: every other connection is refused.
 *
 * @throws WebhookConfigError `option_invalid` when `path` is not a file system path
 * @throws WebhookUnavailableError `store_corrupt` when the file is damaged, no database, or of a newer schema;
 *   `store_unavailable` when it is locked, unreadable, read-only, or on a file system where SQLite cannot keep a
 *   write-ahead log
 */
export function openDatabase(
  path: string,
  { version = readSqliteVersion(), quickCheckBytes = QUICK_CHECK_BYTES }: OpenOptions = {},
): DatabaseSync {
  checkPath(path)
  const database = guarded('open the database', () => new DatabaseSync(path))
  try {
    const shared = mayShareFiles(version)
    const doing = shared
      ? 'open the database'
      : `open the database alone, as SQLite ${version} demands (3.51.3 can share it)`
    guarded(doing, () => prepareForUse(database, path, { shared, quickCheckBytes }))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** What tests inject. */
export interface OpenOptions {
  /** The version of SQLite. Default: the one it reports. */
  version?: string
  /** Up to which size a file is checked even if it was closed well; larger ones would take seconds. */
  quickCheckBytes?: number
}

function checkPath(path: unknown): void {
  // SQLite reads 'file:…' as a URI whose query can turn durability off.
  if (typeof path === 'string' && path.trim() !== '' && !/^file:/i.test(path)) return
  throw new WebhookConfigError('option_invalid', 'path must be the path of a database file')
}

function prepareForUse(
  database: DatabaseSync,
  path: string,
  { shared, quickCheckBytes }: { shared: boolean; quickCheckBytes: number },
): void {
  // Before the first access, so that the lock is taken with it and the log has no index others could find.
  if (!shared) database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  whileLocked(() => useWriteAheadLog(database, path))
  database.exec('PRAGMA synchronous = FULL')
  // On macOS a plain fsync leaves the data in the drive's cache; elsewhere this does nothing.
  database.exec('PRAGMA fullfsync = ON')
  database.exec(`PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`)
  // In kibibytes when negative. Keys are random, so the whole index over them should stay in memory.
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
  // The longer the log, the more changes of one page are written to the database as one.
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  const known = readVersion(database) === SCHEMA_VERSION
  if (!(known && sizeOf(database) > quickCheckBytes && wasClosedWell(database, path)))
    checkIntegrity(database)
  // Before the first write, which would overwrite what may still be recovered of a damaged log.
  if (known) checkCommitCounter(database, path)
  const migrated = whileLocked(() => migrate(database))
  // Until a checkpoint the schema is in the log only, and with it what tells one file from another.
  if (migrated) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
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

function sizeOf(database: DatabaseSync): number {
  const read = (what: string) => Number(database.prepare(`PRAGMA ${what}`).get()?.[what])
  return read('page_count') * read('page_size')
}

function checkIntegrity(database: DatabaseSync): void {
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (verdict === 'ok') return
  throw new WebhookUnavailableError('store_corrupt', `the database is corrupt: ${String(verdict)}`)
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
