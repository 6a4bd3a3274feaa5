import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { DELIVERY_COLUMNS, MESSAGE_COLUMNS } from './delivery-row.ts'

// Every write after the claim names the lease: a worker that lost it changes nothing.
const FENCE = `WHERE seq = ? AND token = ? AND state = 'running'`

// The token starts at a random number, so that a lease is void once its delivery was purged and enqueued again. Whether
// the key is known is checked before: in one statement, SQLite would write the row to a temporary table first.
// Only plain `?`: Node 22.19 and 24.0 cannot bind a numbered `?1` by its position.
const INSERT = `INSERT INTO gwh_deliveries
  (key_hash, ${MESSAGE_COLUMNS}, state, state_time, token, attempts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, abs(random() % 1099511627776), 0)`

// A row whose time lies further ahead than any lease or wait that was ever requested is due: the clock that wrote it
// has been set back since.
const RAN_OUT = `state = 'running' AND state_time <= :now`
const LEASE_AHEAD = `state = 'running' AND state_time > :leaseHorizon`
const WAIT_AHEAD = `state = 'retrying' AND state_time > :waitHorizon`
const NOT_EXCLUDED = 'key NOT IN (SELECT value FROM json_each(:exclude))'

// Crash-loop suspects: the lease ran out on the second attempt or later, so the delivery may be what kills its process.
const crashLoopSuspect = (where: string) =>
  `SELECT seq FROM gwh_deliveries WHERE ${where} AND attempts >= 2 AND ${NOT_EXCLUDED} ORDER BY state_time LIMIT 1`
const CRASH_LOOP_SUSPECT = `coalesce((${crashLoopSuspect(RAN_OUT)}), (${crashLoopSuspect(LEASE_AHEAD)}))`

// Damaged numbers must not overflow: SQLite would refuse the row every time.
const TAKE = `state_time = :leaseUntil, token = min(token, 9007199254740000) + 1,
  attempts = max(0, min(attempts, 1000000)) + 1`

// A few index lookups, however many deliveries there are: first abandoned deliveries, then due retries, then the one
// that has waited longest. A pending one is taken whatever its time says, so that a clock set back does not hide it.
// One row at a time, because a list in a subquery costs SQLite more than the rows themselves.
const first = (where: string) => `(SELECT seq FROM gwh_deliveries WHERE ${where} ORDER BY state_time LIMIT 1)`
const CLAIM = `UPDATE gwh_deliveries SET state = 'running', ${TAKE}
  WHERE seq = coalesce(
    ${first(`${RAN_OUT} AND attempts < 2 AND ${NOT_EXCLUDED}`)},
    ${first(`${LEASE_AHEAD} AND attempts < 2 AND ${NOT_EXCLUDED}`)},
    ${first(`state = 'retrying' AND state_time <= :now AND ${NOT_EXCLUDED}`)},
    ${first(`${WAIT_AHEAD} AND ${NOT_EXCLUDED}`)},
    ${first(`state = 'pending'`)})
  RETURNING ${DELIVERY_COLUMNS}`

const CLAIM_CRASH_LOOP_SUSPECT = `UPDATE gwh_deliveries SET ${TAKE} WHERE seq = ${CRASH_LOOP_SUSPECT}
  RETURNING ${DELIVERY_COLUMNS}`

const exists = (where: string) => `SELECT 0 AS due WHERE EXISTS (SELECT 1 FROM gwh_deliveries WHERE ${where})`
const NEXT_DUE = `SELECT min(due) AS due FROM (
  ${exists(`state = 'pending'`)} UNION ALL ${exists(LEASE_AHEAD)} UNION ALL ${exists(WAIT_AHEAD)}
  UNION ALL SELECT min(state_time) FROM gwh_deliveries WHERE state = 'retrying'
  UNION ALL SELECT min(state_time) FROM gwh_deliveries WHERE state = 'running')`

const OLDEST_WAITING = `SELECT min(received_at) AS oldest FROM gwh_deliveries
  WHERE state IN ('pending', 'retrying')`

const REQUEUE = `UPDATE gwh_deliveries SET state = 'pending', state_time = ?, attempts = 0, dead_reason = NULL`

/** Every statement that changes deliveries, one per transition, and those that workers read with; prepared once. */
export interface DeliveryStatements {
  /** Inserts a delivery whose key is not known yet. */
  insert: StatementSync
  /** Claims one delivery that is not a crash-loop suspect. */
  claim: StatementSync
  claimCrashLoopSuspect: StatementSync
  /** The `seq` of a waiting crash-loop suspect, or NULL. */
  crashLoopSuspect: StatementSync
  renew: StatementSync
  /** Keeps the body. */
  completeRetained: StatementSync
  complete: StatementSync
  retry: StatementSync
  deadLetter: StatementSync
  nextDue: StatementSync
  count: StatementSync
  oldestWaiting: StatementSync
  redrive: StatementSync
  redriveById: StatementSync
  redriveAll: StatementSync
  replay: StatementSync
  purgeDead: StatementSync
}

/** Prepares the statements of the queue. */
export function prepareStatements(database: DatabaseSync): DeliveryStatements {
  const prepare = (sql: string) => database.prepare(sql)
  const fenced = (set: string) => prepare(`UPDATE gwh_deliveries SET ${set} ${FENCE}`)
  return {
    insert: prepare(INSERT),
    claim: prepare(CLAIM),
    claimCrashLoopSuspect: prepare(CLAIM_CRASH_LOOP_SUSPECT),
    crashLoopSuspect: prepare(`SELECT ${CRASH_LOOP_SUSPECT} AS seq`),
    renew: fenced('state_time = ?'),
    complete: fenced(`state = 'done', state_time = ?, body = x'', replay = NULL`),
    completeRetained: fenced(`state = 'done', state_time = ?, retained = 1, replay = NULL`),
    retry: fenced(`state = 'retrying', state_time = ?, history = coalesce(?, history)`),
    deadLetter: fenced(`state = 'dead', state_time = ?, dead_reason = ?, history = coalesce(?, history)`),
    nextDue: prepare(NEXT_DUE),
    count: prepare('SELECT state, count(*) AS deliveries FROM gwh_deliveries GROUP BY state'),
    oldestWaiting: prepare(OLDEST_WAITING),
    redrive: prepare(`${REQUEUE} WHERE seq = ? AND state = 'dead'`),
    redriveById: prepare(`${REQUEUE} WHERE state = 'dead' AND id = ?`),
    redriveAll: prepare(`${REQUEUE} WHERE state = 'dead'`),
    replay: prepare(
      `${REQUEUE}, retained = NULL, replay = 1 WHERE seq = ? AND state = 'done' AND retained = 1`,
    ),
    purgeDead: prepare(`DELETE FROM gwh_deliveries WHERE state = 'dead' AND state_time < ?`),
  }
}
