import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers'
import { WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import { BUSY_TIMEOUT_MS } from './database.ts'
import { isLocked, toUnavailable } from './sqlite-errors.ts'

const LOCK_BUDGET_MS = 2_000
const LOCK_WAIT_MS = 40
// Counted in tries and not read off a clock, so that a clock that stands still cannot make the wait endless.
const LOCK_TRIES = Math.ceil(LOCK_BUDGET_MS / (LOCK_WAIT_MS + BUSY_TIMEOUT_MS))

/** Writes to one database, all that arrives in one turn of the event loop in one transaction. */
export interface GroupCommit {
  /**
   * Applies a change, in order of arrival, and resolves to its result once it is committed.
   *
   * While another connection holds the lock it is tried again for 2 seconds.
   *
   * @param apply Runs its statements synchronously, inside the transaction
   * @throws WebhookUnavailableError `store_unavailable` when the transaction it was part of failed
   */
  write<T>(apply: () => T): Promise<T>
  /**
   * Runs a query on what is committed.
   *
   * @throws WebhookUnavailableError `store_unavailable`
   */
  read<T>(query: () => T): Promise<T>
  /** Commits what was handed in, then closes the database. Safe to call twice. */
  close(): Promise<void>
}

interface Change {
  apply(): void
  accept(): void
  reject(error: unknown): void
  settled: Promise<unknown>
  triesLeft: number
}

/** Starts a group commit; `verify` runs after each COMMIT and fails the group by throwing. */
export function createGroupCommit(database: DatabaseSync, clock: Clock, verify: () => void): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const finish = prepareFinish(database, verify)
  let waiting: Change[] = []
  let scheduled = false
  let closed = false

  function join(change: Change): void {
    waiting.push(change)
    if (scheduled) return
    scheduled = true
    setImmediate(commitTurn)
  }

  function commitTurn(): void {
    try {
      begin.run()
    } catch (error) {
      if (isLocked(error)) putOff(error)
      else rejectAll(take(), error)
      return
    }
    finish(take())
  }

  function putOff(error: unknown): void {
    for (const change of waiting) change.triesLeft -= 1
    const spent = waiting.filter((change) => change.triesLeft <= 0)
    waiting = waiting.filter((change) => change.triesLeft > 0)
    rejectAll(spent, error)
    scheduled = waiting.length > 0
    if (scheduled) clock.schedule(commitTurn, LOCK_WAIT_MS)
  }

  function take(): Change[] {
    const group = waiting
    waiting = []
    scheduled = false
    return group
  }

  return {
    async write(apply) {
      refuseClosed(closed)
      const { change, promise } = createChange(apply)
      join(change)
      return promise
    },
    async read(query) {
      refuseClosed(closed)
      return readNow(query)
    },
    async close() {
      closed = true
      await Promise.all(waiting.map((change) => change.settled))
      if (database.isOpen) database.close()
    },
  }
}

/** The part of a transaction after BEGIN: everything of the group is committed and told so, or nothing. */
function prepareFinish(database: DatabaseSync, verify: () => void): (group: readonly Change[]) => void {
  const commit = database.prepare('COMMIT')
  return (group) => {
    try {
      for (const change of group) change.apply()
      commit.run()
      verify()
    } catch (error) {
      rollBack(database)
      rejectAll(group, error)
      return
    }
    for (const change of group) change.accept()
  }
}

function rejectAll(changes: readonly Change[], error: unknown): void {
  const reason = toUnavailable(error, 'commit')
  for (const change of changes) change.reject(reason)
}

function readNow<T>(query: () => T): T {
  try {
    return query()
  } catch (error) {
    throw toUnavailable(error, 'read')
  }
}

function createChange<T>(apply: () => T): { change: Change; promise: Promise<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let result: T
  const change: Change = {
    apply: () => {
      result = apply()
    },
    accept: () => resolve(result),
    reject,
    settled: promise.catch(() => {}),
    triesLeft: LOCK_TRIES,
  }
  return { change, promise }
}

function rollBack(database: DatabaseSync): void {
  // A full disk makes SQLite roll back by itself.
  if (!database.isTransaction) return
  try {
    database.prepare('ROLLBACK').run()
  } catch {
    // Nothing of the group is acknowledged either way, and its own error says more than this one.
  }
}

function refuseClosed(closed: boolean): void {
  if (closed) throw new WebhookUnavailableError('store_unavailable', 'the database was closed')
}
