import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { DELIVERY_COLUMNS, MESSAGE_COLUMNS } from './delivery-row.ts'

// Every write after the claim names the lease: a worker that lost it changes nothing.
const FENCE = `WHERE seq = ? AND token = ? AND state = 'running'`

// The token starts at random, so that a lease cannot outlive the purge and return of its delivery. Whether the
// key is known is asked before: in one statement, SQLite would write the row to a table of its own first.
// Only plain `?`: Node 22.19 and 24.0 cannot bind a numbered `?1` by its position.
const INSERT = `INSERT INTO gwh_deliveries
  (key_hash, ${MESSAGE_COLUMNS}, state, state_time, token, attempts)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, abs(random() % 1099511627776), 0)`

// A row that the clock of this machine cannot have written is due: it lies further ahead than any lease or wait
// that was ever asked for, so the clock has been set back since.
const RAN_OUT = `state = 'running' AND state_time <= :now`
const LEASE_AHEAD = `state = 'running' AND state_time > :leaseHorizon`
const WAIT_AHEAD = `state = 'retrying' AND state_time > :waitHorizon`
const NOT_HERE = 'key NOT IN (SELECT value FROM json_each(:exclude))'

// A delivery whose lease ran out for a second time may be what ends its processes.
const suspect = (where: string) =>
  `SELECT seq FROM gwh_deliveries WHERE ${where} AND attempts >= 2 AND ${NOT_HERE} ORDER BY state_time LIMIT 1`
const SUSPECT = `coalesce((${suspect(RAN_OUT)}), (${suspect(LEASE_AHEAD)}))`

// Damaged numbers must not overflow: SQLite would refuse the row, each time.
const TAKE = `state_time = :leaseUntil, token = min(token, 9007199254740000) + 1,
  attempts = max(0, min(attempts, 1000000)) + 1`

// A few looks at the index, however many deliveries there are: first what was left behind, then what is due
// again, then the longest waiting. A pending one is taken whatever its time says, so that a clock set back does
// not hide it. One row at a time, because a list in a subquery costs SQLite more than the rows themselves.
const first = (where: string) => `(SELECT seq FROM gwh_deliveries WHERE ${where} ORDER BY state_time LIMIT 1)`
const CLAIM = `UPDATE gwh_deliveries SET state = 'running', ${TAKE}
  WHERE seq = coalesce(
    ${first(`${RAN_OUT} AND attempts < 2 AND ${NOT_HERE}`)},
    ${first(`${LEASE_AHEAD} AND attempts < 2 AND ${NOT_HERE}`)},
    ${first(`state = 'retrying' AND state_time <= :now AND ${NOT_HERE}`)},
    ${first(`${WAIT_AHEAD} AND ${NOT_HERE}`)},
    ${first(`state = 'pending'`)})
  RETURNING ${DELIVERY_COLUMNS}`

const CLAIM_SUSPECT = `UPDATE gwh_deliveries SET ${TAKE} WHERE seq = ${SUSPECT} RETURNING ${DELIVERY_COLUMNS}`

const exists = (where: string) => `SELECT 0 AS due WHERE EXISTS (SELECT 1 FROM gwh_deliveries WHERE ${where})`
const NEXT_DUE = `SELECT min(due) AS due FROM (
  ${exists(`state = 'pending'`)} UNION ALL ${exists(LEASE_AHEAD)} UNION ALL ${exists(WAIT_AHEAD)}
  UNION ALL SELECT min(state_time) FROM gwh_deliveries WHERE state = 'retrying'
  UNION ALL SELECT min(state_time) FROM gwh_deliveries WHERE state = 'running')`

const OLDEST_WAITING = `SELECT min(received_at) AS oldest FROM gwh_deliveries
  WHERE state IN ('pending', 'retrying')`

const REVIVE = `UPDATE gwh_deliveries SET state = 'pending', state_time = ?, attempts = 0, dead_reason = NULL`

/** Every statement that changes deliveries, one per transition, and those the workers read by; prepared once. */
export interface DeliveryStatements {
  /** Of a delivery whose key is not known yet. */
  insert: StatementSync
  /** Claims one delivery that is no suspect. */
  claim: StatementSync
  claimSuspect: StatementSync
  /** The `seq` of a suspect that waits, or NULL. */
  suspect: StatementSync
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
    claimSuspect: prepare(CLAIM_SUSPECT),
    suspect: prepare(`SELECT ${SUSPECT} AS seq`),
    renew: fenced('state_time = ?'),
    complete: fenced(`state = 'done', state_time = ?, body = x'', replay = NULL`),
    completeRetained: fenced(`state = 'done', state_time = ?, retained = 1, replay = NULL`),
    retry: fenced(`state = 'retrying', state_time = ?, history = coalesce(?, history)`),
    deadLetter: fenced(`state = 'dead', state_time = ?, dead_reason = ?, history = coalesce(?, history)`),
    nextDue: prepare(NEXT_DUE),
    count: prepare('SELECT state, count(*) AS deliveries FROM gwh_deliveries GROUP BY state'),
    oldestWaiting: prepare(OLDEST_WAITING),
    redrive: prepare(`${REVIVE} WHERE seq = ? AND state = 'dead'`),
    redriveById: prepare(`${REVIVE} WHERE state = 'dead' AND id = ?`),
    redriveAll: prepare(`${REVIVE} WHERE state = 'dead'`),
    replay: prepare(
      `${REVIVE}, retained = NULL, replay = 1 WHERE seq = ? AND state = 'done' AND retained = 1`,
    ),
    purgeDead: prepare(`DELETE FROM gwh_deliveries WHERE state = 'dead' AND state_time < ?`),
  }
}
