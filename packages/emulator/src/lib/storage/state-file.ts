import { closeSync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { EmulatorError } from '../shared/errors.ts'
import type { Persistence } from './persistence.ts'

const VERSION = 1

/**
 * Opens or creates an emulator's state file, a SQLite database that one process uses at a time.
 *
 * A committed change survives the end of the process, SIGKILL included. A power cut may take the last changes.
 *
 * @throws EmulatorError `state_in_use` when another emulator has the file open; `state_unusable` when it cannot be
 *   read or written, is no state file, or was written by another version
 */
export function openStateFile(path: string): Persistence {
  const { database, write, remove, removeAll } = open(path)
  const all = (sql: string, ...values: string[]) => {
    try {
      return database.prepare(sql).all(...values)
    } catch (cause) {
      throw new EmulatorError('state_unusable', `cannot read the state file ${path}`, { cause })
    }
  }
  const change = (work: () => unknown) => {
    try {
      work()
    } catch (cause) {
      throw new EmulatorError('state_unusable', `cannot write the state file ${path}`, { cause })
    }
  }
  return {
    kinds: () => all('SELECT DISTINCT kind FROM gwh_records').map((row) => String(row.kind)),
    load: (kind) =>
      all('SELECT id, json FROM gwh_records WHERE kind = ? ORDER BY seq', kind).map(({ id, json }) => ({
        id: String(id),
        json: String(json),
      })),
    damaged(kind, id, why) {
      const row = id === undefined ? `kind '${kind}'` : `kind '${kind}', id '${id}'`
      return new EmulatorError(
        'state_unusable',
        `the state file ${path} is damaged: table gwh_records, ${row}: ${why}. Repair or delete the row, or delete the file`,
      )
    },
    write(kind, id, record) {
      const json = JSON.stringify(record)
      change(() => write.run(kind, id, json))
    },
    remove: (kind, id) => change(() => remove.run(kind, id)),
    removeAll: (kind) => change(() => removeAll.run(kind)),
    begin: () => change(() => database.exec('BEGIN IMMEDIATE')),
    commit: () => change(() => database.exec('COMMIT')),
    rollback() {
      // SQLite has ended the transaction by itself when the disk is full.
      if (database.isTransaction) database.exec('ROLLBACK')
    },
    close: () => database.close(),
  }
}

function open(path: string) {
  let database: DatabaseSync | undefined
  try {
    // Created before SQLite does, because secrets and signing keys are in it.
    closeSync(openSync(path, 'a', 0o600))
    // Loaded here, because an emulator in memory runs where there is no SQLite.
    const sqlite = process.getBuiltinModule('node:sqlite')
    database = new sqlite.DatabaseSync(path)
    prepare(database)
    return { database, ...prepareChanges(database) }
  } catch (cause) {
    database?.close()
    if (cause instanceof EmulatorError) throw cause
    throw isLocked(cause)
      ? new EmulatorError('state_in_use', `another emulator uses the state file ${path}`, { cause })
      : new EmulatorError('state_unusable', `cannot use the state file ${path}`, { cause })
  }
}

function prepare(database: DatabaseSync): void {
  // Held until the file is closed: two emulators would both make the planned attempts.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  database.exec('BEGIN IMMEDIATE')
  const found = database.prepare('PRAGMA user_version').get()!.user_version
  if (found !== 0 && found !== VERSION) throw unusable(`written by another version (${found})`)
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  if (found === 0 && tables.length > 0) throw unusable('a database of something else')
  database.exec(`
    CREATE TABLE IF NOT EXISTS gwh_records (
      seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (kind, id)
    ) STRICT;
    PRAGMA user_version = ${VERSION};
    COMMIT`)
}

function prepareChanges(database: DatabaseSync) {
  return {
    write: database.prepare(
      'INSERT INTO gwh_records (kind, id, json) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json',
    ),
    remove: database.prepare('DELETE FROM gwh_records WHERE kind = ? AND id = ?'),
    removeAll: database.prepare('DELETE FROM gwh_records WHERE kind = ?'),
  }
}

function unusable(why: string): EmulatorError {
  return new EmulatorError('state_unusable', `the state file is ${why}`)
}

const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6

function isLocked(cause: unknown): boolean {
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
  return code === SQLITE_BUSY || code === SQLITE_LOCKED || /database is locked/.test(String(cause))
}
