import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { MESSAGE_COLUMNS } from './delivery-row.ts'

// Every write after the claim names the lease: a worker that lost it changes nothing.
const FENCE = `WHERE seq = ? AND token = ? AND state = 'running'`

// The token starts at random, so that a lease outlives not even the purge and return of its delivery. Whether the
// key is known is asked before: in one statement, SQLite would write the row to a table of its own first.
const INSERT = `INSERT INTO deliveries
  (key_hash, ${MESSAGE_COLUMNS}, state, state_time, token, attempts)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'pending', ?9, abs(random() % 1099511627776), 0)`

// What ended a second time without a word may be what ends its processes.
const SUSPECT = `state = 'running' AND state_time <= :now AND attempts >= 2`

const HAS_SUSPECT = `SELECT 1 FROM deliveries WHERE ${SUSPECT} LIMIT 1`

const CLAIM_SUSPECT = `UPDATE deliveries
  SET state_time = :leaseUntil, token = token + 1, attempts = attempts + 1
  WHERE rowid = (SELECT rowid FROM deliveries WHERE ${SUSPECT} ORDER BY state_time LIMIT 1)
  RETURNING ${MESSAGE_COLUMNS}, token, attempts`

// Three looks at the index, however many deliveries there are: first what was left behind, then what is due
// again, then the longest waiting. A pending one is taken whatever its time says, so that a clock set back does
// not hide it. One row at a time, for a list in a subquery costs SQLite more than the rows themselves.
const CLAIM = `UPDATE deliveries
  SET state = 'running', state_time = :leaseUntil, token = token + 1, attempts = attempts + 1
  WHERE rowid = coalesce(
    (SELECT rowid FROM deliveries WHERE state = 'running' AND state_time <= :now AND attempts < 2
      ORDER BY state_time LIMIT 1),
    (SELECT rowid FROM deliveries WHERE state = 'retrying' AND state_time <= :now ORDER BY state_time LIMIT 1),
    (SELECT rowid FROM deliveries WHERE state = 'pending' ORDER BY state_time LIMIT 1))
  RETURNING ${MESSAGE_COLUMNS}, token, attempts`

const NEXT_DUE = `SELECT min(due) AS due FROM (
  SELECT 0 AS due WHERE EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending')
  UNION ALL SELECT min(state_time) FROM deliveries WHERE state = 'retrying'
  UNION ALL SELECT min(state_time) FROM deliveries WHERE state = 'running')`

const OLDEST_WAITING = `SELECT min(received_at) AS oldest FROM deliveries WHERE state IN ('pending', 'retrying')`

const LIST_DEAD = `SELECT ${MESSAGE_COLUMNS}, attempts, dead_reason, state_time FROM deliveries
  WHERE state = 'dead' ORDER BY state_time DESC, rowid DESC LIMIT ?`

/** Every statement of the queue, one per transition, prepared once. */
export interface DeliveryStatements {
  /** Of a delivery whose key is not known yet. */
  insert: StatementSync
  /** Claims one delivery that is no suspect. */
  claim: StatementSync
  claimQuarantined: StatementSync
  hasSuspect: StatementSync
  renew: StatementSync
  complete: StatementSync
  retry: StatementSync
  bury: StatementSync
  nextDue: StatementSync
  count: StatementSync
  oldestWaiting: StatementSync
  listDead: StatementSync
  redrive: StatementSync
  redriveAll: StatementSync
  purgeDead: StatementSync
}

/** Prepares the statements of the queue. */
export function prepareStatements(database: DatabaseSync): DeliveryStatements {
  const prepare = (sql: string) => database.prepare(sql)
  const revive = `UPDATE deliveries SET state = 'pending', state_time = ?, attempts = 0, dead_reason = NULL`
  return {
    insert: prepare(INSERT),
    claim: prepare(CLAIM),
    claimQuarantined: prepare(CLAIM_SUSPECT),
    hasSuspect: prepare(HAS_SUSPECT),
    renew: prepare(`UPDATE deliveries SET state_time = ? ${FENCE}`),
    complete: prepare(`UPDATE deliveries SET state = 'done', state_time = ?, body = x'' ${FENCE}`),
    retry: prepare(`UPDATE deliveries SET state = 'retrying', state_time = ? ${FENCE}`),
    bury: prepare(`UPDATE deliveries SET state = 'dead', state_time = ?, dead_reason = ? ${FENCE}`),
    nextDue: prepare(NEXT_DUE),
    count: prepare('SELECT state, count(*) AS deliveries FROM deliveries GROUP BY state'),
    oldestWaiting: prepare(OLDEST_WAITING),
    listDead: prepare(LIST_DEAD),
    redrive: prepare(`${revive} WHERE seq = ? AND state = 'dead'`),
    redriveAll: prepare(`${revive} WHERE state = 'dead'`),
    purgeDead: prepare(`DELETE FROM deliveries WHERE state = 'dead' AND state_time < ?`),
  }
}
