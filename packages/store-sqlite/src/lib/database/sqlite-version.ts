import { DatabaseSync } from './sqlite-module.ts'

const SAFE_TO_SHARE = [3, 51, 3] as const

/** The version of SQLite in this runtime, such as `3.51.3`. Touches no file. */
export function readSqliteVersion(): string {
  const database = new DatabaseSync(':memory:')
  try {
    return String(database.prepare('SELECT sqlite_version() AS version').get()?.version)
  } finally {
    database.close()
  }
}

/**
 * Whether several connections may share a file: up to 3.51.2, two that write or checkpoint at the same moment can
 * corrupt it. A string that is not a version counts as old.
 *
 * @see https://www.sqlite.org/wal.html#walresetbug
 */
export function mayShareFiles(version: string): boolean {
  const numbers = version.split('.').map(Number)
  for (const [index, needed] of SAFE_TO_SHARE.entries()) {
    const number = numbers[index] ?? Number.NaN
    if (number !== needed) return number > needed
  }
  return true
}
