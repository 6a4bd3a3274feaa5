import type { DatabaseSync } from 'node:sqlite'
import { systemClock } from '@gwh/core/queue'
import type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from '@gwh/core/store'
import { openDatabase } from './database.ts'
import { createDurableGroup } from './durable-group.ts'
import { createHousekeeping, PURGE_ROWS } from './housekeeping.ts'
import { checkOptionNames } from './options.ts'

// Wins when nothing is known of the key, or what is known no longer holds it: expired, released, lease run out.
const CLAIM = `INSERT INTO claims (key, state, token, attempt, lease_until, expires_at)
  VALUES (:key, 'in_progress', :token, 1, :leaseUntil, :expiresAt)
  ON CONFLICT (key) DO UPDATE SET
    state = excluded.state, token = excluded.token,
    attempt = CASE WHEN claims.expires_at <= :now THEN 1 ELSE claims.attempt + 1 END,
    lease_until = excluded.lease_until, expires_at = excluded.expires_at
  WHERE claims.expires_at <= :now OR claims.state = 'released'
    OR (claims.state = 'in_progress' AND claims.lease_until <= :now)
  RETURNING attempt`

const SETTLE = `UPDATE claims SET state = ? WHERE key = ? AND token = ? AND state = 'in_progress'`

/** What a SQLite idempotency store needs. */
export interface SqliteStoreOptions {
  /** The database file; created when absent, in a directory that exists. `':memory:'` for tests. */
  path: string
  /** The time leases and records are measured by, in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/**
 * Opens an idempotency store on a SQLite file, which may be the file of a queue.
 *
 * Claims and completions survive a power cut once their promise resolves; several processes may share the file.
 *
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookUnavailableError `store_corrupt` when the file is damaged or of a newer schema,
 *   `store_unavailable` when it is locked or read-only
 */
export function createSqliteStore(options: SqliteStoreOptions): IdempotencyStore {
  checkOptionNames(options, ['path', 'now'])
  const { path, now = systemClock.now } = options
  const database = openDatabase(path)
  const group = createDurableGroup(database, path, systemClock)
  const claim = prepareClaim(database)
  const settle = database.prepare(SETTLE)
  const settleAs = (state: string, { key, token }: ActiveClaim) =>
    group.write(() => Number(settle.run(state, key, token).changes) === 1)
  return {
    claim: (key, deadlines) => group.write(() => claim(key, deadlines, now())),
    complete: (active) => settleAs('completed', active),
    release: (active) => settleAs('released', active),
    close: () => group.close(),
  }
}

function prepareClaim(
  database: DatabaseSync,
): (key: string, deadlines: ClaimDeadlines, now: number) => Claim {
  const take = database.prepare(CLAIM)
  const look = database.prepare('SELECT state, lease_until FROM claims WHERE key = ?')
  const purge = preparePurge(database)
  return (key, { leaseUntil, expiresAt }, now) => {
    purge(now)
    const token = crypto.randomUUID()
    const won = take.get({ key, token, leaseUntil, expiresAt, now })
    if (won) return { status: 'claimed', key, token, attempt: Number(won.attempt) }
    const held = look.get(key)
    if (held?.state === 'completed') return { status: 'completed' }
    return { status: 'in_progress', leaseUntil: Number(held?.lease_until) }
  }
}

function preparePurge(database: DatabaseSync): (now: number) => void {
  const purge = database.prepare(
    `DELETE FROM claims WHERE rowid IN (SELECT rowid FROM claims WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
  )
  const housekeeping = createHousekeeping()
  return (now) => {
    if (!housekeeping.isDue(now)) return
    housekeeping.ran(now, Number(purge.run(now).changes) === PURGE_ROWS)
  }
}
