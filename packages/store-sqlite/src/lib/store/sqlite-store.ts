import type { DatabaseSync } from 'node:sqlite'
import { checkNames } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import type { ActiveClaim, Claim, ClaimDeadlines, IdempotencyStore } from '@gwh/core/store'
import { createDurableGroup } from '../commit/durable-group.ts'
import { type DatabaseOptions, type OpenConnection, withConnection } from '../database/connection.ts'
import { prepareSeenClock, prepareSpan } from '../database/file-memory.ts'
import { createHousekeeping, PURGE_ROWS } from '../limits/housekeeping.ts'

// Succeeds when the key is unknown, expired or released, or when its lease ran out. A lease that ends later than any
// lease can was written by a clock that has been set back since.
const CLAIM = `INSERT INTO gwh_claims (key, state, token, attempt, lease_until, expires_at)
  VALUES (:key, 'in_progress', :token, 1, :leaseUntil, :expiresAt)
  ON CONFLICT (key) DO UPDATE SET
    state = excluded.state, token = excluded.token,
    attempt = CASE WHEN gwh_claims.expires_at <= :now THEN 1 ELSE gwh_claims.attempt + 1 END,
    lease_until = excluded.lease_until, expires_at = excluded.expires_at
  WHERE gwh_claims.expires_at <= :now OR gwh_claims.state = 'released'
    OR (gwh_claims.state = 'in_progress' AND
      (gwh_claims.lease_until <= :now OR gwh_claims.lease_until > :leaseHorizon))
  RETURNING attempt`

const SETTLE = `UPDATE gwh_claims SET state = ? WHERE key = ? AND token = ? AND state = 'in_progress'`

/** Options of a SQLite idempotency store. */
export type SqliteStoreOptions = DatabaseOptions & {
  /** The current time in epoch milliseconds, for leases and records. Default `Date.now`. */
  now?: () => number
}

/**
 * Opens an idempotency store on a SQLite file, which may also hold a queue or your application's tables.
 *
 * Claims and completions survive a power cut once their promise resolves; several processes may share the file.
 *
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookUnavailableError `store_corrupt` when the file is damaged or has another schema,
 *   `store_unavailable` when it is locked or read-only
 */
export function createSqliteStore(options: SqliteStoreOptions): IdempotencyStore {
  checkNames(options, ['path', 'mustExist', 'database', 'now'], 'the SQLite store')
  const { now } = options
  const clock = now ? { now, schedule: systemClock.schedule } : systemClock
  return withConnection(options, (connection) => createStore(connection, clock))
}

function createStore(connection: OpenConnection, clock: Clock): IdempotencyStore {
  const { database } = connection
  const claim = prepareClaim(database, clock)
  const settle = database.prepare(SETTLE)
  // Last, because it opens a file of its own.
  const group = createDurableGroup(connection, systemClock)
  const settleAs = (state: string, { key, token }: ActiveClaim) =>
    group.write(() => Number(settle.run(state, key, token).changes) === 1)
  return {
    claim: (key, deadlines) => group.write(() => claim(key, deadlines, clock.now())),
    complete: (active) => settleAs('completed', active),
    release: (active) => settleAs('released', active),
    close: () => group.close(),
  }
}

function prepareClaim(
  database: DatabaseSync,
  clock: Clock,
): (key: string, deadlines: ClaimDeadlines, now: number) => Claim {
  const take = database.prepare(CLAIM)
  const look = database.prepare('SELECT state, lease_until FROM gwh_claims WHERE key = ?')
  const purge = preparePurge(database, clock)
  const leases = prepareSpan(database, 'longest_claim')
  return (key, { leaseUntil, expiresAt }, now) => {
    purge(now)
    const token = crypto.randomUUID()
    leases.note(leaseUntil - now)
    const won = take.get({ key, token, leaseUntil, expiresAt, now, leaseHorizon: leases.horizon(now) })
    if (won) return { status: 'claimed', key, token, attempt: Number(won.attempt) }
    const held = look.get(key)
    if (held?.state === 'completed') return { status: 'completed' }
    return { status: 'in_progress', leaseUntil: Number(held?.lease_until) }
  }
}

function preparePurge(database: DatabaseSync, clock: Clock): (now: number) => void {
  const purge = database.prepare(
    `DELETE FROM gwh_claims WHERE rowid IN (SELECT rowid FROM gwh_claims WHERE expires_at <= ? LIMIT ${PURGE_ROWS})`,
  )
  const trustsClock = prepareSeenClock(database)
  const housekeeping = createHousekeeping(clock)
  return (now) => {
    if (!housekeeping.isDue()) return
    housekeeping.ran(trustsClock(now) && Number(purge.run(now).changes) === PURGE_ROWS)
  }
}
