import type { DatabaseSync } from 'node:sqlite'
import { WebhookConfigError } from '@gwh/core/errors'
import { checkNames, retention, wholeNumber } from '@gwh/core/options'
import type { Clock } from '@gwh/core/queue'
import { prepareSeenClock } from '../database/file-memory.ts'
import { createHousekeeping, PURGE_ROWS } from './housekeeping.ts'

/** How long settled deliveries are kept. */
export interface RetentionOptions {
  /**
   * How long the key of a handled delivery is kept, so that a retry is a duplicate, in milliseconds. Default 72 hours;
   * at least 25, because the sender retries for 24. Its body is erased when it is handled, unless `retainBodies` is
   * given.
   */
  retentionMs?: number
  /** How long a dead letter is kept, in milliseconds. Default 30 days, at least 25 hours. */
  deadRetentionMs?: number
  /**
   * Keeps the bodies of handled deliveries for `forMs` milliseconds, for `queue.replay`. At most `retentionMs`.
   * Default: bodies are not kept.
   */
  retainBodies?: { forMs: number }
  /** Called after each purge that deleted deliveries, with how many. */
  onPurge?: (purged: Purged) => void
}

/** How many settled deliveries a purge deleted. */
export interface Purged {
  /** Handled deliveries. */
  done: number
  /** Dead letters. */
  dead: number
}

/** The retentions with every default filled in, in milliseconds. */
export interface Retention {
  doneMs: number
  deadMs: number
  /** `undefined` when bodies are erased at once. */
  bodyMs: number | undefined
}

/** @throws WebhookConfigError `option_invalid` */
export function toRetention({ retentionMs, deadRetentionMs, retainBodies }: RetentionOptions): Retention {
  const doneMs = retention('retentionMs', retentionMs, 72)
  const deadMs = retention('deadRetentionMs', deadRetentionMs, 30 * 24)
  if (!retainBodies) return { doneMs, deadMs, bodyMs: undefined }
  checkNames(retainBodies, ['forMs'], 'retainBodies')
  const bodyMs = wholeNumber('retainBodies.forMs', retainBodies.forMs, Number.NaN)
  if (bodyMs <= doneMs) return { doneMs, deadMs, bodyMs }
  throw new WebhookConfigError('option_invalid', 'retainBodies.forMs must be given and at most retentionMs')
}

/**
 * Prepares the purge of settled deliveries and retained bodies, which runs inside a transaction.
 *
 * The returned function does nothing and returns `undefined` until a purge is due, and while the clock is in doubt.
 */
export function createPurge(
  database: DatabaseSync,
  clock: Clock,
  { doneMs, deadMs, bodyMs = 0 }: Retention,
): (now: number) => Purged | undefined {
  const remove = database.prepare(
    `DELETE FROM gwh_deliveries WHERE seq IN (SELECT seq FROM gwh_deliveries
      WHERE state = ? AND state_time < ? ORDER BY state_time LIMIT ${PURGE_ROWS})`,
  )
  const erase = database.prepare(
    `UPDATE gwh_deliveries SET body = x'', retained = NULL WHERE seq IN (SELECT seq FROM gwh_deliveries
      WHERE retained = 1 AND state_time < ? ORDER BY state_time LIMIT ${PURGE_ROWS})`,
  )
  const purge = (state: 'done' | 'dead', before: number) => Number(remove.run(state, before).changes)
  const trustsClock = prepareSeenClock(database)
  const housekeeping = createHousekeeping(clock)
  return (now) => {
    if (!housekeeping.isDue()) return undefined
    if (!trustsClock(now)) {
      housekeeping.ran(false)
      return undefined
    }
    const purged = { done: purge('done', now - doneMs), dead: purge('dead', now - deadMs) }
    const erased = Number(erase.run(now - bodyMs).changes)
    housekeeping.ran([purged.done, purged.dead, erased].includes(PURGE_ROWS))
    return purged
  }
}
