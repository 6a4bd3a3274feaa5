import type { DatabaseSync } from 'node:sqlite'
import { WebhookUnavailableError } from '@gwh/core/errors'

/**
 * One entry per schema version, applied in order. Never edit an entry that was released; append.
 *
 * `state_time` is the one time that matters in a state: waiting since (`pending`), due at (`retrying`),
 * leased until (`running`), settled at (`done`, `dead`). So one index serves claims, purges and counts.
 *
 * `keys` finds the deliveries up to `file.keys_to` by the hash of their key; the later ones are found in memory.
 * `seq` only rises, so that what other processes have added is what is beyond the last one seen.
 * SQLite builds a table of its own for `IN (…)` each time it checks a row, which costs more than the row does.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE deliveries (
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
    dead_reason TEXT
  ) STRICT;
  CREATE INDEX deliveries_by_state ON deliveries (state, state_time);
  CREATE TABLE keys (
    key_hash INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (key_hash, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER forget_key AFTER DELETE ON deliveries BEGIN
    DELETE FROM keys WHERE key_hash = old.key_hash AND seq = old.seq;
  END;
  CREATE TABLE claims (
    key TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state = 'in_progress' OR state = 'released' OR state = 'completed'),
    token TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    lease_until REAL NOT NULL,
    expires_at REAL NOT NULL
  ) STRICT;
  CREATE INDEX claims_by_expiry ON claims (expires_at);
  CREATE TABLE file (id BLOB NOT NULL, commits INTEGER NOT NULL, keys_to INTEGER NOT NULL) STRICT;
  INSERT INTO file VALUES (randomblob(16), 0, 0);`,
]

/** The schema this version of the package reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length

/**
 * Brings the schema up to date, all or nothing; tells whether anything was to do.
 *
 * Writes even when nothing is to do, so that opening proves the file can be written to.
 *
 * @throws WebhookUnavailableError `store_corrupt` when the schema is newer
 */
export function migrate(database: DatabaseSync): boolean {
  database.prepare('BEGIN IMMEDIATE').run()
  try {
    const version = readVersion(database)
    refuseNewer(version)
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration)
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    database.prepare('COMMIT').run()
    return version < SCHEMA_VERSION
  } catch (error) {
    if (database.isTransaction) database.prepare('ROLLBACK').run()
    throw error
  }
}

/** The schema version of a database; 0 when it has none yet. */
export function readVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version)
}

function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return
  throw new WebhookUnavailableError(
    'store_corrupt',
    `the database has schema version ${version}, newer than the ${SCHEMA_VERSION} this package knows; upgrade @gwh/store-sqlite`,
  )
}
