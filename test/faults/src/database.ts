import { DatabaseSync } from 'node:sqlite'

/** Opens a queue's file beside its processes. */
export function withDatabase<T>(path: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 5000')
    return use(database)
  } finally {
    database.close()
  }
}

/** Whether another connection is writing to a queue's file right now. */
export function isLocked(path: string): boolean {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK')
    return false
  } catch {
    return true
  } finally {
    database.close()
  }
}
