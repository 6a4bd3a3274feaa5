import { closeSync, fdatasync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { MEMORY_PATH } from './database.ts'

/** Puts the write-ahead log of a database on the disk while the event loop goes on. */
export interface LogSync {
  /** Resolves once everything written to the log so far is on the disk; rejects when the disk failed. */
  sync(): Promise<void>
  /** To be called after the database was closed. */
  close(): void
}

/**
 * Takes over the syncing of the log from SQLite, whose COMMIT waits for the disk with the event loop at a standstill.
 *
 * SQLite keeps to itself what guards the database against corruption: it syncs the log before a checkpoint and
 * when it begins the log anew. Without a file nothing is taken over, and the result is `undefined`.
 */
export function takeOverSync(database: DatabaseSync, path: string): LogSync | undefined {
  if (path === MEMORY_PATH) return undefined
  // Closing a descriptor lets go of the locks this process holds on its file; SQLite takes none on the log.
  const file = openSync(`${path}-wal`, 'r+')
  database.exec('PRAGMA synchronous = NORMAL')
  return {
    sync: () =>
      new Promise((resolve, reject) => {
        fdatasync(file, (error) => (error ? reject(error) : resolve()))
      }),
    close: () => closeSync(file),
  }
}
