import { isInstance, toCause, WebhookError, WebhookUnavailableError } from '@gwh/core/errors'

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_NOMEM = 7
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26

const DAMAGE: readonly (number | undefined)[] = [
  SQLITE_NOMEM,
  SQLITE_READONLY,
  SQLITE_IOERR,
  SQLITE_CORRUPT,
  SQLITE_FULL,
  SQLITE_CANTOPEN,
  SQLITE_NOTADB,
]

// Only a database that the caller gave can close before its queue or store does.
const CLOSED = /database is not open|statement has been finalized/

/** What SQLite reports besides its message; Deno omits the code from errors thrown while opening. */
interface SqliteErrorLike {
  errcode?: number
  message?: string
}

/** Whether another connection held the lock that the statement needed. */
export function isLocked(error: unknown): boolean {
  const code = primaryCode(error)
  return code === SQLITE_BUSY || code === SQLITE_LOCKED
}

/** Whether the file does not hold what SQLite wrote to it, or is not a database at all. */
export function isCorrupt(error: unknown): boolean {
  if (isInstance(error, WebhookError)) return error.code === 'store_corrupt'
  const code = primaryCode(error)
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
}

/** Whether the file or its disk failed, rather than a statement. */
export function isDamage(error: unknown): boolean {
  return DAMAGE.includes(primaryCode(error))
}

/**
 * The coded form of anything SQLite throws: `store_corrupt` when the file is damaged, otherwise
 * `store_unavailable`. In either case the sender should try again later.
 *
 * @param doing What was attempted, for the message: "commit", "open the database"
 */
export function toUnavailable(error: unknown, doing: string): WebhookError {
  if (isInstance(error, WebhookError)) return error
  const text = `could not ${doing}: ${reason(error)}`
  const code = isCorrupt(error) ? 'store_corrupt' : 'store_unavailable'
  return new WebhookUnavailableError(code, text, { cause: toCause(error) })
}

function reason(error: unknown): string {
  if (isLocked(error)) return 'another connection keeps the database locked'
  if (primaryCode(error) === SQLITE_FULL) return 'the disk or the database is full'
  if (primaryCode(error) === SQLITE_CANTOPEN) return 'the file cannot be opened; does its directory exist?'
  const { message } = toCause(error)
  return CLOSED.test(message) ? 'the database was closed before the queue or store that uses it' : message
}

// The low byte is the primary code; the rest tells its causes apart.
function primaryCode(error: unknown): number | undefined {
  const { errcode, message } = readSqliteError(error)
  if (errcode !== undefined) return errcode & 0xff
  if (message === 'file is not a database') return SQLITE_NOTADB
  return message === 'database disk image is malformed' ? SQLITE_CORRUPT : undefined
}

/** Effects may throw anything, including objects whose getters throw. */
function readSqliteError(error: unknown): SqliteErrorLike {
  try {
    const { errcode, message } = (error ?? {}) as SqliteErrorLike
    return {
      ...(typeof errcode === 'number' && { errcode }),
      ...(typeof message === 'string' && { message }),
    }
  } catch {
    return {}
  }
}
