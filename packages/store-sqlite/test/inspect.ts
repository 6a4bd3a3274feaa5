import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** Runs one query on a connection of its own, so that it sees only what is committed. */
export function query(path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path)
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

/**
 * Counts the transactions in the write-ahead log: the frames that say how large the database is after them.
 *
 * @see https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
export function countCommits(path: string): number {
  const log = readFileSync(`${path}-wal`)
  if (log.length === 0) return 0
  const frameBytes = 24 + log.readUInt32BE(8)
  let commits = 0
  for (let offset = 32; offset + frameBytes <= log.length; offset += frameBytes) {
    if (log.readUInt32BE(offset + 4) !== 0) commits++
  }
  return commits
}
