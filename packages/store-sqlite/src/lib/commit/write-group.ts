import type { DatabaseSync } from 'node:sqlite'
import { isInTransaction } from '../database/database-state.ts'

/** A change that waits for its transaction. */
export interface Change<T = unknown> {
  apply: () => T
  /** What `apply` returned. */
  result: T | undefined
  /** Roughly how much it writes. */
  bytes: number
  triesLeft: number
  promise: Promise<T>
  resolve: (result: T | undefined) => void
  reject: (error: unknown) => void
}

export function createChange<T>(apply: () => T, bytes: number, triesLeft: number): Change<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return {
    apply,
    result: undefined,
    bytes,
    triesLeft,
    promise,
    resolve: resolve as Change<T>['resolve'],
    reject,
  }
}

/** Hooks called in each transaction. */
export interface GroupHooks {
  /** Before its first change. */
  begun?(): void
  /** After its last change, before its COMMIT. Fails the group by throwing. */
  committing?(): void
  /** After it was rolled back, whatever the reason. */
  failed?(): void
}

/** The part of a transaction after BEGIN: commits every change of the group, or none. */
export function prepareCommit(database: DatabaseSync, hooks: GroupHooks): (group: readonly Change[]) => void {
  const commit = database.prepare('COMMIT')
  return (group) => {
    try {
      hooks.begun?.()
      for (const change of group) change.result = change.apply()
      hooks.committing?.()
      commit.run()
    } catch (error) {
      rollBack(database)
      hooks.failed?.()
      throw error
    }
  }
}

function rollBack(database: DatabaseSync): void {
  // A full disk makes SQLite roll back by itself.
  if (!isInTransaction(database)) return
  try {
    database.prepare('ROLLBACK').run()
  } catch {
    // Nothing of the group is acknowledged either way, and its own error tells more than this one.
  }
}
