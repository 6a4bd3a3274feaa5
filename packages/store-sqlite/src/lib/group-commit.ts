import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers'
import { WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import { BUSY_TIMEOUT_MS } from './database.ts'
import { isCorrupt, isLocked, toUnavailable } from './sqlite-errors.ts'

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

/** What is to be told of each transaction. */
export interface GroupHooks {
  /** Before its first change. */
  begun?(): void
  /** After its last change, before its COMMIT; fails the group by throwing. */
  committing?(): void
  /** After its COMMIT; fails the group by throwing. */
  committed?(): void
  /** When it failed, for whatever reason. */
  failed?(): void
  /** Before the database is closed, when all is settled. */
  closing?(): void
  /** After the database was closed. */
  closed?(): void
}

/** Starts a group commit. */
export function createGroupCommit(database: DatabaseSync, clock: Clock, hooks: GroupHooks = {}): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const finish = prepareFinish(database, hooks)
  // A file found damaged once may still take writes elsewhere, but none that could be relied on.
  let damage: unknown
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
      if (damage) throw damage
      begin.run()
    } catch (error) {
      if (isLocked(error)) putOff(error)
      else fail(take(), error)
      return
    }
    finish(take(), fail)
  }

  function fail(group: readonly Change[], error: unknown): void {
    if (isCorrupt(error)) damage ??= toUnavailable(error, 'commit')
    rejectAll(group, error)
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
      if (!database.isOpen) return
      hooks.closing?.()
      database.close()
      hooks.closed?.()
    },
  }
}

type Finish = (group: readonly Change[], fail: (group: readonly Change[], error: unknown) => void) => void

/** The part of a transaction after BEGIN: everything of the group is committed and told so, or nothing. */
function prepareFinish(database: DatabaseSync, hooks: GroupHooks): Finish {
  const commit = database.prepare('COMMIT')
  return (group, fail) => {
    try {
      hooks.begun?.()
      for (const change of group) change.apply()
      hooks.committing?.()
      commit.run()
      hooks.committed?.()
    } catch (error) {
      rollBack(database)
      hooks.failed?.()
      fail(group, error)
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
