import type { DatabaseSync as Connection } from 'node:sqlite'
import { DatabaseSync } from './sqlite-module.ts'

/**
 * Whether a connection is open; `false` for anything that is not a `DatabaseSync`.
 *
 * Node 22.13 and 22.14 have no `isOpen`. There, a closed connection refuses even SQL without a statement.
 *
 * @see https://nodejs.org/api/sqlite.html#databaseisopen
 */
export function isOpen(database: Connection | undefined): boolean {
  const known: boolean | undefined = database?.isOpen
  if (known !== undefined) return known
  return database instanceof DatabaseSync && failure(() => database.exec('')) === undefined
}

/**
 * Whether a connection is inside a transaction; `false` when it is closed, where `isTransaction` itself would throw.
 *
 * Node 22.13 to 22.15 have no `isTransaction`. There, SQLite is asked to begin a transaction, which it refuses inside
 * another one; an empty transaction takes no lock.
 *
 * @see https://nodejs.org/api/sqlite.html#databaseistransaction
 */
export function isInTransaction(database: Connection): boolean {
  if (!isOpen(database)) return false
  const known: boolean | undefined = database.isTransaction
  if (known !== undefined) return known
  const refusal = failure(() => database.exec('BEGIN'))
  if (refusal === undefined) database.exec('COMMIT')
  return refusal instanceof Error && refusal.message.includes('within a transaction')
}

function failure(step: () => void): unknown {
  try {
    step()
    return undefined
  } catch (error) {
    return error
  }
}
