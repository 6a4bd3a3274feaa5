import type { DatabaseSync } from 'node:sqlite'
import { WebhookUnavailableError } from '@gwh/core/errors'
import { isInTransaction } from './database-state.ts'

/**
 * One entry per schema version, applied in order. Never edit an entry that was released; append.
 *
 * Every name begins with `gwh_`, and the version is kept in `gwh_file`: the database may be the user's, with tables
 * of its own and its own use for `PRAGMA user_version`.
 *
 * `state_time` is the one time that matters in a state: waiting since (`pending`), due at (`retrying`),
 * leased until (`running`), settled at (`done`, `dead`). So one index serves claims, purges and counts.
 *
 * `gwh_keys` finds the deliveries up to `gwh_file.keys_to` by the hash of their key; the later ones are found in
 * memory. `seq` only rises, so everything beyond the last one seen was added by other processes.
 * SQLite builds a table of its own for `IN (…)` each time it checks a row, which costs more than the row does.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE gwh_deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    key_hash INTEGER NOT NULL,
    key TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    id TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    scheme TEXT NOT NULL,
    key_id TEXT,
    jwt_body_bound INTEGER,
    received_at REAL NOT NULL,
    body BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state = 'pending' OR state = 'running' OR state = 'retrying'
      OR state = 'done' OR state = 'dead'),
    state_time REAL NOT NULL,
    token INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    dead_reason TEXT,
    history TEXT,
    replay INTEGER,
    retained INTEGER
  ) STRICT;
  CREATE INDEX gwh_deliveries_by_state ON gwh_deliveries (state, state_time);
  CREATE INDEX gwh_deliveries_retained ON gwh_deliveries (state_time) WHERE retained = 1;
  CREATE TABLE gwh_keys (
    key_hash INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (key_hash, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER gwh_forget_key AFTER DELETE ON gwh_deliveries BEGIN
    DELETE FROM gwh_keys WHERE key_hash = old.key_hash AND seq = old.seq;
  END;
  CREATE TABLE gwh_claims (
    key TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state = 'in_progress' OR state = 'released' OR state = 'completed'),
    token TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    lease_until REAL NOT NULL,
    expires_at REAL NOT NULL
  ) STRICT;
  CREATE INDEX gwh_claims_by_expiry ON gwh_claims (expires_at);
  CREATE TABLE gwh_file (
    id BLOB NOT NULL,
    schema_version INTEGER NOT NULL,
    commits INTEGER NOT NULL,
    keys_to INTEGER NOT NULL,
    longest_lease REAL NOT NULL,
    longest_wait REAL NOT NULL,
    longest_claim REAL NOT NULL,
    clock_at REAL,
    clock_jumped_to REAL
  ) STRICT;
  INSERT INTO gwh_file VALUES (randomblob(16), 0, 0, 0, 0, 0, 0, NULL, NULL);`,
  `CREATE TABLE gwh_jobs (
    endpoint TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at REAL NOT NULL,
    look_at REAL NOT NULL,
    taken_at REAL NOT NULL,
    lookups INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    given_up INTEGER NOT NULL DEFAULT 0,
    user_metadata TEXT,
    event TEXT,
    expires_at REAL,
    PRIMARY KEY (endpoint, id)
  ) STRICT;
  CREATE INDEX gwh_jobs_due ON gwh_jobs (endpoint, look_at) WHERE settled = 0;
  CREATE INDEX gwh_jobs_taken ON gwh_jobs (endpoint, taken_at) WHERE settled = 0;
  CREATE INDEX gwh_jobs_written ON gwh_jobs (endpoint, max(created_at, taken_at)) WHERE settled = 0;
  CREATE INDEX gwh_jobs_expired ON gwh_jobs (expires_at) WHERE settled = 1;
  CREATE TABLE gwh_handlings (
    key TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    handled INTEGER NOT NULL,
    begun_at REAL NOT NULL,
    lease_until REAL NOT NULL,
    expires_at REAL NOT NULL
  ) STRICT;
  CREATE INDEX gwh_handlings_expired ON gwh_handlings (expires_at);`,
]

/** The schema this version of the package reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

/**
 * Brings the schema up to date, all or nothing, and returns whether it changed.
 *
 * Writes even when there is nothing to do, so that opening proves that the file is writable.
 *
 * @throws WebhookUnavailableError `store_corrupt` when the schema is newer, or from before the tables had a prefix
 */
export function migrate(database: DatabaseSync): boolean {
  database.prepare('BEGIN IMMEDIATE').run()
  try {
    const version = readVersion(database)
    refuseNewer(version)
    if (version === 0) refuseOldLayout(database)
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration)
    database.prepare('UPDATE gwh_file SET schema_version = ?').run(SCHEMA_VERSION)
    database.prepare('COMMIT').run()
    return version < SCHEMA_VERSION
  } catch (error) {
    if (isInTransaction(database)) database.prepare('ROLLBACK').run()
    throw error
  }
}

/** The schema version of a database; 0 when it has none of our tables yet. */
export function readVersion(database: DatabaseSync): number {
  if (!hasTable(database, 'gwh_file')) return 0
  return Number(database.prepare('SELECT schema_version FROM gwh_file').get()?.schema_version)
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
  )
}

function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return
  throw new WebhookUnavailableError(
    'store_corrupt',
    `the database has schema version ${version}, newer than the ${SCHEMA_VERSION} this package knows; upgrade @gwh/store-sqlite`,
  )
}

/** A user's database may have a table named `deliveries`, but hardly one with these columns. */
function refuseOldLayout(database: DatabaseSync): void {
  const columns = database.prepare("SELECT name FROM pragma_table_info('deliveries')").all()
  const names = columns.map(({ name }) => name)
  if (!['key_hash', 'state_time', 'dead_reason'].every((name) => names.includes(name))) return
  throw new WebhookUnavailableError(
    'store_corrupt',
    'the database holds a queue of an older layout, in tables without the prefix gwh_; it was not changed: ' +
      'process what it holds with the version that wrote it, or use another path',
  )
}
