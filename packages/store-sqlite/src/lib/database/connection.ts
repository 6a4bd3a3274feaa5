import { closeSync, existsSync, openSync } from 'node:fs'
import type { DatabaseSync as Connection } from 'node:sqlite'
import { WebhookConfigError } from '@gwh/core/errors'
import { checkPath, noQueue, type OpenOptions, openDatabase, prepareGiven } from './database.ts'
import { MEMORY_PATH } from './memory-path.ts'

/** Which database to use: the file at `path`, or an open connection of yours as `database`. */
export type DatabaseOptions =
  | {
      /**
       * The database file. It is created when absent, readable by this user only; its directory must exist.
       * `':memory:'` for tests. SQLite keeps the files `-wal` and `-shm` beside it, and this package `-acked`, with which
       * it detects that acknowledged deliveries were lost.
       */
      path: string
      /** Refuses a path that holds no queue, instead of creating one. For tools. Default false. */
      mustExist?: boolean
      database?: undefined
    }
  | {
      /**
       * An open `DatabaseSync` of yours, so that queue and application share one file and one connection. It is
       * switched to `journal_mode=WAL` and `synchronous=FULL`. You close it, after the queue. Do not keep a
       * transaction open on it across an `await`: the queue would have to wait.
       */
      database: Connection
      path?: undefined
      mustExist?: undefined
    }

/** A connection that is ready for use. */
export interface OpenConnection {
  database: Connection
  /** The path of its file, or `':memory:'`. */
  path: string
  /** Whether it belongs to the caller, who closes it. */
  given: boolean
}

/**
 * Opens the database of a queue or store, or prepares the one that was given.
 *
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookUnavailableError See `openDatabase`
 */
export function openConnection(options: DatabaseOptions, open: OpenOptions = {}): OpenConnection {
  const { path, database, mustExist = false } = options
  if ((path === undefined) === (database === undefined))
    throw new WebhookConfigError('option_invalid', 'give either path or database')
  if (database !== undefined) return { database, path: prepareGiven(database), given: true }
  checkPath(path)
  if (mustExist && !existsSync(path)) throw noQueue(path)
  if (!mustExist) createFile(path)
  return { database: openDatabase(path, { ...open, mustExist }), path, given: false }
}

/** Opens a connection for what `build` makes of it; closes it again if that throws, unless it is the caller's. */
export function withConnection<Result>(
  options: DatabaseOptions,
  build: (connection: OpenConnection) => Result,
): Result {
  const connection = openConnection(options)
  try {
    return build(connection)
  } catch (error) {
    if (!connection.given) connection.database.close()
    throw error
  }
}

/** Creates the file for this user only; SQLite gives its other files the same permissions. */
function createFile(path: unknown): void {
  if (typeof path !== 'string' || path === MEMORY_PATH || existsSync(path)) return
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch {
    // Another process was faster, or SQLite will report what is wrong.
  }
}
