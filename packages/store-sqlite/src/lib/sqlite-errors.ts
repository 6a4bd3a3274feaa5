import { WebhookError, WebhookUnavailableError } from '@gwh/core/errors'

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14

/** What SQLite reports beside its message; Deno leaves the code out of errors thrown while opening. */
interface SqliteErrorLike {
  errcode?: number
  message?: string
}

/** Whether another connection held the lock that the statement needed. */
export function isLocked(error: unknown): boolean {
  const code = primaryCode(error)
  return code === SQLITE_BUSY || code === SQLITE_LOCKED
}

/**
 * The coded form of anything SQLite throws: the sender should try again later.
 *
 * @param doing What was attempted, for the message: "commit", "open the database"
 */
export function toUnavailable(error: unknown, doing: string): WebhookError {
  if (error instanceof WebhookError) return error
  const text = `could not ${doing}: ${reason(error)}`
  return new WebhookUnavailableError('store_unavailable', text, { cause: error })
}

function reason(error: unknown): string {
  if (isLocked(error)) return 'another connection keeps the database locked'
  if (primaryCode(error) === SQLITE_FULL) return 'the disk or the database is full'
  if (primaryCode(error) === SQLITE_CANTOPEN) return 'the file cannot be opened; does its directory exist?'
  return error instanceof Error ? error.message : 'unknown error'
}

// The low byte is the primary code; the rest says which of its causes it was.
function primaryCode(error: unknown): number | undefined {
  const code = (error as SqliteErrorLike | undefined)?.errcode
  return code === undefined ? undefined : code & 0xff
}
