import type { DatabaseSync } from 'node:sqlite'
import { checkNames } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import {
  type JobLedger,
  LEDGER_SKEW_MS,
  type LedgerJob,
  SETTLED_LIFE_MS,
  type TakeOptions,
} from '@gwh/core/store'
import { createDurableGroup } from '../commit/durable-group.ts'
import { type DatabaseOptions, type OpenConnection, withConnection } from '../database/connection.ts'
import { createHousekeeping, PURGE_ROWS } from '../limits/housekeeping.ts'

const OPEN = `INSERT INTO gwh_jobs (endpoint, id, name, created_at, look_at, taken_at, lookups, settled, user_metadata)
  VALUES (:endpoint, :id, :name, :createdAt, :lookAt, 0, 0, 0, :userMetadata)
  ON CONFLICT (endpoint, id) DO UPDATE SET name = excluded.name, created_at = excluded.created_at,
    look_at = excluded.look_at, taken_at = 0, lookups = 0, settled = 0, given_up = 0,
    user_metadata = excluded.user_metadata, event = NULL, expires_at = NULL
  WHERE gwh_jobs.given_up = 1`

const END_OF = (settled: 0 | 1, givenUp: 0 | 1, change: string) =>
  `INSERT INTO gwh_jobs
    (endpoint, id, name, created_at, look_at, taken_at, lookups, settled, given_up, event, expires_at)
  VALUES (:endpoint, :id, :name, :now, :now, 0, 0, ${settled}, ${givenUp}, :event, :expiresAt)
  ON CONFLICT (endpoint, id) DO UPDATE SET event = excluded.event, expires_at = excluded.expires_at,
    given_up = excluded.given_up, ${change}
  WHERE gwh_jobs.event IS NULL OR gwh_jobs.given_up = 1`

const END = END_OF(
  0,
  0,
  `settled = CASE WHEN gwh_jobs.given_up = 1 THEN 0 ELSE gwh_jobs.settled END,
   look_at = CASE WHEN gwh_jobs.given_up = 1 THEN :now ELSE gwh_jobs.look_at END,
   taken_at = CASE WHEN gwh_jobs.given_up = 1 THEN 0 ELSE gwh_jobs.taken_at END`,
)

const GIVE_UP = END_OF(1, 1, 'settled = 1')

// A job that ended has its expiry already.
const SETTLE =
  'UPDATE gwh_jobs SET settled = 1, expires_at = coalesce(expires_at, ?) WHERE endpoint = ? AND id = ?'

// The same holder may claim again, and its completion is kept. Otherwise the key must be new, expired, or free.
const BEGIN = `INSERT INTO gwh_handlings (key, holder, handled, begun_at, lease_until, expires_at)
  VALUES (:key, :holder, 0, :now, :leaseUntil, :expiresAt)
  ON CONFLICT (key) DO UPDATE SET
    handled = CASE WHEN gwh_handlings.expires_at <= :now THEN 0 ELSE gwh_handlings.handled END,
    holder = excluded.holder, begun_at = excluded.begun_at, lease_until = excluded.lease_until,
    expires_at = excluded.expires_at
  WHERE gwh_handlings.holder = excluded.holder OR gwh_handlings.expires_at <= :now
    OR (gwh_handlings.handled = 0 AND gwh_handlings.lease_until <= :now)`

// What a clock that was ahead has written.
const AHEAD = `endpoint = :endpoint AND settled = 0 AND max(created_at, taken_at) > :now + ${LEDGER_SKEW_MS}`
const CORRECT_JOBS = `UPDATE gwh_jobs SET created_at = min(created_at, :now), look_at = :now, taken_at = 0
  WHERE ${AHEAD}`
const CORRECT_LEASE = `UPDATE gwh_handlings SET lease_until = lease_until - begun_at + :now, begun_at = :now
  WHERE key = :key AND begun_at > :now + ${LEDGER_SKEW_MS}`

const NEXT = `SELECT CASE WHEN EXISTS (SELECT 1 FROM gwh_jobs WHERE ${AHEAD}) THEN :now
  ELSE (SELECT min(look_at) FROM gwh_jobs WHERE endpoint = :endpoint AND settled = 0) END AS at`

/** What a SQLite job ledger needs. */
export type SqliteLedgerOptions = DatabaseOptions & {
  /** Decides when expired records are purged next. Default: the machine's clock. */
  clock?: Clock
}

/**
 * Opens a job ledger on a SQLite file, which may also hold a queue, a store or your application's tables.
 *
 * A change survives a power cut once its promise resolves; several processes may share the file.
 *
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookUnavailableError `store_corrupt` when the file is damaged or of another schema,
 *   `store_unavailable` when it is locked or read-only
 */
export function createSqliteLedger(options: SqliteLedgerOptions): JobLedger {
  checkNames(options, ['path', 'mustExist', 'database', 'clock'], 'the SQLite ledger')
  const { clock = systemClock } = options
  return withConnection(options, (connection) => createLedger(connection, clock))
}

function createLedger(connection: OpenConnection, clock: Clock): JobLedger {
  const { database } = connection
  const changed = ({ changes }: { changes: number | bigint }) => Number(changes) === 1
  const [open, end, giveUp, begin] = [OPEN, END, GIVE_UP, BEGIN].map((sql) => database.prepare(sql)) as Sqls
  const settle = database.prepare(SETTLE)
  const postpone = database.prepare(
    'UPDATE gwh_jobs SET look_at = ? WHERE endpoint = ? AND id = ? AND settled = 0',
  )
  const next = database.prepare(NEXT)
  const correctLease = database.prepare(CORRECT_LEASE)
  const find = database.prepare('SELECT * FROM gwh_jobs WHERE endpoint = ? AND id = ?')
  const state = database.prepare('SELECT handled FROM gwh_handlings WHERE key = ?')
  const complete = database.prepare('UPDATE gwh_handlings SET handled = 1 WHERE key = ? AND holder = ?')
  const release = database.prepare('DELETE FROM gwh_handlings WHERE key = ? AND holder = ? AND handled = 0')
  const take = prepareTake(database)
  const purge = preparePurge(database, clock)
  // Last, because it opens a file of its own.
  const group = createDurableGroup(connection, systemClock)

  return {
    open: ({ userMetadata = null, ...job }: OpenRow) =>
      group.write(() => changed(open.run({ ...job, userMetadata }))),
    find: ({ endpoint, id }) => group.read(() => toJob(find.get(endpoint, id))),
    end: (ended) =>
      group.write(() => {
        purge(ended.now)
        return changed(end.run({ ...ended }))
      }),
    giveUp: (ended) => group.write(() => changed(giveUp.run({ ...ended }))),
    settle: async ({ endpoint, id }, now) =>
      void (await group.write(() => settle.run(now + SETTLED_LIFE_MS, endpoint, id))),
    take: (terms) => group.write(() => take(terms)),
    postpone: async ({ endpoint, id }, lookAt) =>
      void (await group.write(() => postpone.run(lookAt, endpoint, id))),
    nextLookAt: (endpoint, now) =>
      group.read(() => (next.get({ endpoint, now })?.at ?? undefined) as number | undefined),
    begin: (key, holder, deadlines) =>
      group.write(() => {
        purge(deadlines.now)
        correctLease.run({ key, now: deadlines.now })
        if (changed(begin.run({ key, holder, ...deadlines }))) return 'claimed'
        return state.get(key)?.handled === 1 ? 'handled' : 'in_progress'
      }),
    complete: (key, holder) => group.write(() => changed(complete.run(key, holder))),
    release: async (key, holder) => void (await group.write(() => release.run(key, holder))),
    close: () => group.close(),
  }
}

type Sql = ReturnType<DatabaseSync['prepare']>
type Sqls = [Sql, Sql, Sql, Sql]
type OpenRow = Omit<Parameters<JobLedger['open']>[0], 'userMetadata'> & { userMetadata?: string | null }

function prepareTake(database: DatabaseSync): (terms: TakeOptions) => LedgerJob[] {
  const select = (condition: string, order: string) =>
    database.prepare(
      `SELECT * FROM gwh_jobs WHERE settled = 0 AND endpoint = ? AND ${condition} ORDER BY ${order} LIMIT ?`,
    )
  const due = select('look_at <= ?', 'look_at')
  const old = select('taken_at < ?', 'taken_at')
  const correct = database.prepare(CORRECT_JOBS)
  const mark = database.prepare(
    'UPDATE gwh_jobs SET lookups = lookups + 1, taken_at = ?, look_at = ? WHERE endpoint = ? AND id = ?',
  )
  return ({ endpoint, dueAt = Number.MAX_VALUE, takenBefore, now, until, limit }) => {
    correct.run({ endpoint, now })
    const [jobs, bound] = takenBefore === undefined ? [due, dueAt] : [old, takenBefore]
    const rows = jobs.all(endpoint, bound, limit)
    for (const { id } of rows) mark.run(now, until, endpoint, id!)
    return rows.map((row) => toJob(row)!)
  }
}

function toJob(row: Record<string, unknown> | undefined): LedgerJob | undefined {
  if (!row) return undefined
  return {
    endpoint: String(row.endpoint),
    id: String(row.id),
    name: String(row.name),
    createdAt: Number(row.created_at),
    lookAt: Number(row.look_at),
    lookups: Number(row.lookups),
    ...(row.user_metadata !== null && { userMetadata: String(row.user_metadata) }),
    ...(row.event !== null && { event: String(row.event) }),
  }
}

function preparePurge(database: DatabaseSync, clock: Clock): (now: number) => void {
  const purges = [
    ['gwh_jobs', 'settled = 1 AND expires_at <= ?'],
    ['gwh_handlings', 'expires_at <= ?'],
  ].map(([table, condition]) =>
    database.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition} LIMIT ${PURGE_ROWS})`,
    ),
  )
  const housekeeping = createHousekeeping(clock)
  return (now) => {
    if (!housekeeping.isDue()) return
    const deleted = purges.map((purge) => Number(purge.run(now).changes))
    housekeeping.ran(deleted.includes(PURGE_ROWS))
  }
}
