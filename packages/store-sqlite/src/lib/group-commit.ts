import type { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers'
import { WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import { BUSY_TIMEOUT_MS } from './database.ts'
import { type Change, createChange, type GroupHooks, prepareCommit } from './group.ts'
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
   * @param bytes About how much it writes. Default 0: next to nothing
   * @throws WebhookUnavailableError `store_unavailable` when the transaction it was part of failed
   */
  write<T>(apply: () => T, bytes?: number): Promise<T>
  /**
   * Runs a query on what is committed.
   *
   * @throws WebhookUnavailableError `store_unavailable`
   */
  read<T>(query: () => T): Promise<T>
  /** Commits what was handed in, then closes the database. Safe to call twice. */
  close(): Promise<void>
}

/** What a group needs of the files it is written to. */
export interface GroupFiles {
  /** What is to be waited for before the next transaction may begin; `undefined` when it may begin at once. */
  ready?(): Promise<void> | undefined
  /** After a COMMIT: resolves once it is on the disk. What rejects here is neither acknowledged nor taken back. */
  sync?(): Promise<void>
  /** After that, with what was written in about how many bytes; fails the group by throwing. */
  committed?(changes: number, bytes: number): void
  /** Before the database is closed, when all is settled. */
  closing?(): Promise<void>
  /** After the database was closed. */
  closed?(): void
}

/**
 * Starts a group commit.
 *
 * One group at a time: what arrives while another is being written to the disk commits after it.
 */
export function createGroupCommit(
  database: DatabaseSync,
  clock: Clock,
  hooks: GroupHooks = {},
  files: GroupFiles = {},
): GroupCommit {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = prepareCommit(database, hooks)
  // A file found damaged once may still take writes elsewhere, but none that could be relied on.
  let damage: unknown
  let waiting: Change[] = []
  let scheduled = false
  let closed = false
  let writing: Promise<void> | undefined

  function join(change: Change): void {
    waiting.push(change)
    schedule()
  }

  function schedule(): void {
    if (scheduled || writing || waiting.length === 0) return
    scheduled = true
    setImmediate(commitTurn)
  }

  function commitTurn(): void {
    const ready = damage ? undefined : files.ready?.()
    if (ready) {
      const held = ready.then(commitTurn)
      clock.awaiting?.(held)
      return
    }
    try {
      if (damage) throw damage
      begin.run()
    } catch (error) {
      if (isLocked(error)) putOff(error)
      else fail(take(), error)
      return
    }
    commitGroup(take())
  }

  function commitGroup(group: readonly Change[]): void {
    try {
      commit(group)
    } catch (error) {
      fail(group, error)
      return
    }
    if (files.sync) write(group, files.sync())
    else settle(group)
  }

  function write(group: readonly Change[], synced: Promise<void>): void {
    writing = synced
      .then(
        () => settle(group),
        (error) => {
          // What a disk failed to write once, it may claim to have written when it is asked again.
          damage ??= toUnavailable(error, 'write to the disk')
          rejectAll(group, damage)
        },
      )
      .then(() => {
        writing = undefined
        schedule()
      })
    clock.awaiting?.(writing)
  }

  function settle(group: readonly Change[]): void {
    try {
      const bytes = group.reduce((sum, change) => sum + change.bytes, 0)
      files.committed?.(group.length, bytes)
      for (const change of group) change.resolve(change.result)
    } catch (error) {
      fail(group, error)
    }
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
      while (writing || waiting.length > 0) {
        await writing
        await Promise.allSettled(waiting.map((change) => change.promise))
      }
      if (database.isOpen) await files.closing?.()
      if (!database.isOpen) return
      database.close()
      files.closed?.()
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
