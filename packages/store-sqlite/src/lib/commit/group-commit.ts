import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers'
import { WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import { BUSY_TIMEOUT_MS } from '../database/database.ts'
import { isInTransaction, isOpen } from '../database/database-state.ts'
import { isCorrupt, isLocked, toUnavailable } from '../database/sqlite-errors.ts'
import { type Change, createChange, type GroupHooks, prepareCommit } from './write-group.ts'

const LOCK_BUDGET_MS = 2_000
const LOCK_WAIT_MS = 40
// Counted in attempts, not in time, so that a clock that stands still cannot make the wait endless.
const LOCK_TRIES = Math.ceil(LOCK_BUDGET_MS / (LOCK_WAIT_MS + BUSY_TIMEOUT_MS))

/** Writes to one database: everything that arrives in one turn of the event loop shares one transaction. */
export interface GroupCommit {
  /**
   * Applies a change, in order of arrival, and resolves to its result once it is committed.
   *
   * While another connection holds the lock, it is retried for 2 seconds.
   *
   * @param apply Runs its statements synchronously, inside the transaction
   * @param bytes Roughly how much it writes. Default 0, for next to nothing
   * @throws WebhookUnavailableError `store_unavailable` when the transaction it was part of failed
   */
  write<T>(apply: () => T, bytes?: number): Promise<T>
  /**
   * Runs a query on what is committed.
   *
   * @throws WebhookUnavailableError `store_unavailable`
   */
  read<T>(query: () => T): Promise<T>
  /** Commits every change so far, then closes the database. Safe to call twice. */
  close(): Promise<void>
}

/** What a group commit needs from the files it writes to. */
export interface GroupFiles {
  /** Resolves when the next transaction may begin; `undefined` when it may begin at once. */
  ready?(): Promise<void> | undefined
  /** Called after a COMMIT with the number of changes and roughly of bytes. Fails the group by throwing. */
  committed?(changes: number, bytes: number): void
  /** Whether the database belongs to the caller, who closes it. Default: no. */
  keepOpen?: boolean
  /** Called before the database is closed, once every change is settled. */
  closing?(): Promise<void>
  /** Called after the database was closed. */
  closed?(): void
}

/** Starts a group commit. */
export function createGroupCommit(
  database: DatabaseSync,
  clock: Clock,
  hooks: GroupHooks = {},
  files: GroupFiles = {},
): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = prepareCommit(database, hooks)
  // A damaged file may still accept writes, but none that can be relied on.
  let damage: unknown
  let waiting: Change[] = []
  let scheduled = false
  let closed = false
  let ending: Promise<void> | undefined

  function join(change: Change): void {
    waiting.push(change)
    if (scheduled) return
    scheduled = true
    setImmediate(commitTurn)
  }

  function commitTurn(): void {
    const ready = damage ? undefined : files.ready?.()
    if (ready) {
      ready.then(commitTurn)
      return
    }
    try {
      if (damage) throw damage
      begin.run()
    } catch (error) {
      // A transaction of the caller on the same connection ends too, as one on another connection does.
      if (isLocked(error) || isInTransaction(database)) putOff(error)
      else fail(take(), error)
      return
    }
    commitGroup(take())
  }

  function commitGroup(group: readonly Change[]): void {
    try {
      commit(group)
      const bytes = group.reduce((sum, change) => sum + change.bytes, 0)
      files.committed?.(group.length, bytes)
    } catch (error) {
      fail(group, error)
      return
    }
    for (const change of group) change.resolve(change.result)
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

  async function end(): Promise<void> {
    if (isOpen(database)) await files.closing?.()
    if (!isOpen(database)) return
    if (!files.keepOpen) database.close()
    files.closed?.()
  }

  return {
    write(apply, bytes = 0) {
      if (closed) return Promise.reject(closedError())
      const change = createChange(apply, bytes, LOCK_TRIES)
      join(change as Change)
      return change.promise
    },
    async read(query) {
      if (closed) throw closedError()
      return readNow(query)
    },
    async close() {
      closed = true
      await Promise.allSettled(waiting.map((change) => change.promise))
      ending ??= end()
      await ending
    },
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

function closedError(): WebhookUnavailableError {
  return new WebhookUnavailableError('store_unavailable', 'the database was closed')
}
