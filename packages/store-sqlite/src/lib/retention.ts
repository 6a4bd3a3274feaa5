import type { DatabaseSync } from 'node:sqlite'
import { WebhookConfigError } from '@gwh/core/errors'
import { createHousekeeping, PURGE_ROWS } from './housekeeping.ts'

const HOUR_MS = 3_600_000

/** How long settled deliveries are kept. */
export interface RetentionOptions {
  /**
   * How long a handled delivery is remembered, so that it stays a duplicate, in milliseconds. Default 72 hours;
   * at least 25, for the sender retries for 24. Its body is erased when it is handled.
   */
  retentionMs?: number
  /** How long a dead letter is kept, in milliseconds. Default 30 days, at least 25 hours. */
  deadRetentionMs?: number
  /** Told how many deliveries a purge deleted, whenever it deleted any. */
  onPurge?: (purged: Purged) => void
}

/** How many settled deliveries a purge deleted. */
export interface Purged {
  done: number
  dead: number
}

/**
 * Prepares the purge of settled deliveries, to be run inside a transaction.
 *
 * The result does nothing, and returns `undefined`, when called before the next purge is due.
 *
 * @throws WebhookConfigError `option_invalid` when a retention is shorter than 25 hours
 */
export function createPurge(
  database: DatabaseSync,
  options: RetentionOptions,
): (now: number) => Purged | undefined {
  const { retentionMs = 72 * HOUR_MS, deadRetentionMs = 30 * 24 * HOUR_MS } = options
  checkRetention('retentionMs', retentionMs)
  checkRetention('deadRetentionMs', deadRetentionMs)
  const statement = database.prepare(
    `DELETE FROM deliveries WHERE rowid IN
      (SELECT rowid FROM deliveries WHERE state = ? AND state_time < ? ORDER BY state_time LIMIT ${PURGE_ROWS})`,
  )
  const purge = (state: 'done' | 'dead', before: number) => Number(statement.run(state, before).changes)
  const housekeeping = createHousekeeping()
  return (now) => {
    if (!housekeeping.isDue(now)) return undefined
    const purged = { done: purge('done', now - retentionMs), dead: purge('dead', now - deadRetentionMs) }
    housekeeping.ran(now, purged.done === PURGE_ROWS || purged.dead === PURGE_ROWS)
    return purged
  }
}

function checkRetention(name: string, value: number): void {
  // Negated so that NaN is refused too.
  if (value >= 25 * HOUR_MS) return
  throw new WebhookConfigError('option_invalid', `${name} must be at least 25 hours, in milliseconds`)
}
