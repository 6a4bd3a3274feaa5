import type { DatabaseSync as Connection } from 'node:sqlite'
import { WebhookConfigError, WebhookUnavailableError } from '@gwh/core/errors'
import { checkCommitCounter, wasClosedInOrder } from './commit-counter.ts'
import { isInTransaction, isOpen } from './database-state.ts'
import { MEMORY_PATH } from './memory-path.ts'
import { migrate, readVersion, SCHEMA_VERSION } from './schema.ts'
import { isLocked, toUnavailable } from './sqlite-errors.ts'
import { DatabaseSync } from './sqlite-module.ts'
import { mayShareFiles, readSqliteVersion } from './sqlite-version.ts'

/** How long a statement blocks the event loop while another connection writes; the group commit waits for the rest. */
export const BUSY_TIMEOUT_MS = 10

const OPEN_BUDGET_MS = 10_000
const LONGEST_OPEN_WAIT_MS = 40
const LOG_LIMIT_BYTES = 64 * 1024 * 1024
const CACHE_KIB = 16 * 1024
const QUICK_CHECK_BYTES = 64 * 1024 * 1024
/** After how many pages in the log SQLite checkpoints by itself. */
export const CHECKPOINT_PAGES = 8_000
// EXTRA is 3.
const SYNCHRONOUS_FULL = 2

/**
 * Opens a database file: checks it, migrates its schema, and sets it up to survive a power cut.
 *
 * Blocks for up to 10 seconds while other processes hold the file, for example to migrate it. With a SQLite older than
 * 3.51.3 the file is locked for as long as it is open: every other connection is refused.
 *
 * @throws WebhookConfigError `option_invalid` when `path` is not a file system path, or names no queue although one
 *   must exist
 * @throws WebhookUnavailableError `store_corrupt` when the file is damaged, not a database, or has another schema;
 *   `store_unavailable` when it is locked, unreadable, read-only, or on a file system where SQLite cannot keep a
 *   write-ahead log
 */
export function openDatabase(path: string, options: OpenOptions = {}): Connection {
  const { version = readSqliteVersion(), mustExist = false, lockBudgetMs = OPEN_BUDGET_MS } = options
  const { quickCheckBytes = QUICK_CHECK_BYTES } = options
  checkPath(path)
  const patiently = createPatience(lockBudgetMs)
  const database = guarded('open the database', () => new DatabaseSync(path))
  try {
    const shared = mayShareFiles(version)
    const doing = shared
      ? 'open the database'
      : `open the database alone, as SQLite ${version} demands (3.51.3 can share it)`
    guarded(doing, () => {
      // Before anything is changed: the file may be anything.
      if (mustExist && patiently(() => readVersion(database)) === 0) throw noQueue(path)
      patiently(() => prepareOwn(database, shared))
      prepareForUse(database, path, quickCheckBytes, patiently)
    })
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** What tests and tools ask for. */
export interface OpenOptions {
  /** The version of SQLite. Default: the one it reports. */
  version?: string
  /** The size in bytes up to which a file is checked even if it was closed in order: large files take seconds. */
  quickCheckBytes?: number
  /** Whether the file must hold a queue already. Default false. */
  mustExist?: boolean
  /** How long to wait for the locks of other connections in all, in milliseconds. Default 10,000. */
  lockBudgetMs?: number
}

/**
 * Prepares a connection that belongs to the caller, and returns the path of its file.
 *
 * Sets what durability needs and leaves the rest, such as `busy_timeout`, `cache_size` and `locking_mode`, alone.
 *
 * @throws WebhookConfigError `option_invalid` when it is not open, inside a transaction, or opened with defaults for
 *   statements that the queue cannot use
 * @throws WebhookUnavailableError See `openDatabase`
 */
export function prepareGiven(database: Connection): string {
  if (!isOpen(database)) throw invalid('database must be an open DatabaseSync of node:sqlite')
  if (isInTransaction(database)) throw invalid('database must not be inside a transaction')
  checkDefaults(database)
  return guarded('prepare the database', () => {
    const [main] = database.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'").all()
    const path = String(main?.file ?? '') || MEMORY_PATH
    prepareForUse(database, path, QUICK_CHECK_BYTES, createPatience(OPEN_BUDGET_MS))
    return path
  })
}

/** Refuses a connection whose statements read or bind values in another way than those of the queue expect. */
function checkDefaults(database: Connection): void {
  const row = askWithBareName(database)
  const wrong = Array.isArray(row)
    ? 'returnArrays: true'
    : typeof row?.number === 'bigint'
      ? 'readBigInts: true'
      : row === undefined && 'allowBareNamedParameters: false'
  if (!wrong) return
  throw invalid(
    `database must not be opened with ${wrong}; set that for each statement of yours instead, or give the queue a connection of its own with path`,
  )
}

function askWithBareName(database: Connection): Record<string, unknown> | undefined {
  const statement = database.prepare('SELECT 1 AS number, :bare AS bare')
  try {
    return statement.get({ bare: 1 })
  } catch {
    return undefined
  }
}

/** @throws WebhookConfigError `option_invalid` when it is not a file system path */
export function checkPath(path: unknown): void {
  // SQLite reads 'file:…' as a URI whose query can turn durability off.
  if (typeof path === 'string' && path.trim() !== '' && !/^file:/i.test(path)) return
  throw invalid('path must be the path of a database file')
}

function prepareOwn(database: Connection, shared: boolean): void {
  // Before the first access, so that the lock is taken with it and the log has no index others could find.
  if (!shared) database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  // In kibibytes when negative. Enough for the pages in use. A larger cache is slower: SQLite often searches all of it at a
  // commit, because splitting a page of an index makes it forget how many pages there are.
  database.exec(`PRAGMA cache_size = -${CACHE_KIB}`)
  // The longer the log, the more changes to one page are written to the database at once.
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
}

function prepareForUse(
  database: Connection,
  path: string,
  quickCheckBytes: number,
  patiently: Patience,
): void {
  patiently(() => useWriteAheadLog(database, path))
  // Some of these read the schema, and so need a lock.
  patiently(() => syncEachCommit(database))
  patiently(() => checkContent(database, path, quickCheckBytes))
  const migrated = patiently(() => migrate(database))
  // Until a checkpoint, the schema and the id of the file are in the log only.
  if (migrated) patiently(() => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'))
  patiently(() => checkDurability(database))
}

function syncEachCommit(database: Connection): void {
  database.exec('PRAGMA synchronous = FULL')
  // On macOS a plain fsync leaves the data in the drive's cache; elsewhere this does nothing.
  database.exec('PRAGMA fullfsync = ON')
  database.exec(`PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`)
}

function checkContent(database: Connection, path: string, quickCheckBytes: number): void {
  const known = readVersion(database) === SCHEMA_VERSION
  if (!(known && sizeOf(database) > quickCheckBytes && wasClosedInOrder(database, path)))
    checkIntegrity(database)
  // Before the first write, which would overwrite what can still be recovered from a damaged log.
  if (known) checkCommitCounter(database, path)
}

function useWriteAheadLog(database: Connection, path: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
  if (mode === 'wal' || path === MEMORY_PATH) return
  throw new WebhookUnavailableError(
    'store_unavailable',
    `the database cannot keep a write-ahead log here (journal mode ${String(mode)})`,
  )
}

function sizeOf(database: Connection): number {
  const read = (what: string) => Number(database.prepare(`PRAGMA ${what}`).get()?.[what])
  return read('page_count') * read('page_size')
}

function checkIntegrity(database: Connection): void {
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
  if (verdict === 'ok') return
  throw new WebhookUnavailableError('store_corrupt', `the database is corrupt: ${String(verdict)}`)
}

/**
 * Refuses a connection whose commits a power cut could still undo.
 *
 * Call it after a write: some builds of SQLite report FULL and fall back to NORMAL with the first one.
 *
 * @throws WebhookUnavailableError `store_unavailable`
 */
export function checkDurability(database: Connection): void {
  const level = database.prepare('PRAGMA synchronous').get()?.synchronous
  if (Number(level) >= SYNCHRONOUS_FULL) return
  throw new WebhookUnavailableError(
    'store_unavailable',
    `the database does not sync before it commits (synchronous is ${String(level)}, not ${SYNCHRONOUS_FULL}); run PRAGMA synchronous = FULL`,
  )
}

/** Runs a step, again while another connection holds a lock that it needs, until the time of all steps is up. */
type Patience = <T>(step: () => T) => T

// Blocks: opening is synchronous, and nothing can be served before it is done.
function createPatience(budgetMs: number): Patience {
  const end = performance.now() + budgetMs
  return (step) => {
    for (;;) {
      try {
        return step()
      } catch (error) {
        if (!isLocked(error) || performance.now() >= end) throw error
        // At random, because processes that wait equally long keep getting in one another's way.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * LONGEST_OPEN_WAIT_MS)
      }
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

function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}

/** The error for a path where there should be a queue. */
export function noQueue(path: string): WebhookConfigError {
  return invalid(`there is no queue at ${path}`)
}
