import type { DatabaseSync } from 'node:sqlite'
import { CHECKPOINT_PAGES } from '../database/database.ts'
import { isInTransaction, isOpen } from '../database/database-state.ts'
import { MEMORY_PATH } from '../database/memory-path.ts'
import { type CheckpointWorker, startCheckpointWorker } from './checkpoint-worker.ts'

// The thread starts once the first amount was written, and runs each time the log may have grown by the second.
const START_BYTES = 1024 * 1024
const PASS_BYTES = 16 * 1024 * 1024
// A high estimate of what a change and a transaction write besides the bytes of a delivery.
const BYTES_PER_CHANGE = 2 * 1024
const BYTES_PER_COMMIT = 16 * 1024
const LONGEST_HOLD_MS = 500

/**
 * Writes the log of a database back in another thread, because that keeps the disk busy for milliseconds.
 *
 * SQLite restarts the log only when a transaction finds all of it written back, and under load something is always
 * added in the meantime. So each pass is followed by a second, short one that the next transaction waits for.
 */
export interface Checkpoints {
  /** Resolves when the next transaction may begin; `undefined` when it may begin at once. */
  ready(): Promise<void> | undefined
  /** Records a transaction. */
  committed(changes: number, bytes: number): void
  /** Starts to empty the log, which has grown too large; does nothing while a connection reads from it. */
  shrink(): void
  /** Ends the thread. Call it before the database is closed. */
  close(): Promise<void>
}

/** Leaves checkpoints to the connection itself. */
export function leaveCheckpoints(database: DatabaseSync): Checkpoints {
  return {
    ready: () => undefined,
    committed() {},
    shrink() {
      if (!isOpen(database) || isInTransaction(database)) return
      try {
        database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
      } catch {
        // Another connection is writing; the next call tries again.
      }
    },
    close: async () => {},
  }
}

/**
 * Takes over the checkpoints of a connection. It keeps them where no other thread may open the file, and gets them
 * back when the thread fails.
 */
export function takeOverCheckpoints(database: DatabaseSync, path: string): Checkpoints {
  const alone = database.prepare('PRAGMA locking_mode').get()?.locking_mode === 'exclusive'
  if (alone || path === MEMORY_PATH) return leaveCheckpoints(database)
  let worker: CheckpointWorker | undefined
  let written = 0
  let stage: 'resting' | 'passing' | 'finishing' = 'resting'

  function start(): CheckpointWorker {
    database.exec('PRAGMA wal_autocheckpoint = 0')
    return startCheckpointWorker(path, () => {
      if (isOpen(database)) database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    })
  }
  return {
    ready() {
      if (stage !== 'finishing' || !worker) return undefined
      stage = 'resting'
      written = 0
      return atMost(LONGEST_HOLD_MS, worker.checkpoint(true))
    },
    committed(changes, bytes) {
      written += BYTES_PER_COMMIT + changes * BYTES_PER_CHANGE + bytes
      if (written >= START_BYTES) worker ??= start()
      if (written < PASS_BYTES || stage !== 'resting' || !worker) return
      stage = 'passing'
      worker.checkpoint(false).then(() => {
        stage = 'finishing'
      })
    },
    shrink() {
      if (stage !== 'resting') return
      worker ??= start()
      stage = 'passing'
      worker.truncate().then(() => {
        stage = 'resting'
        written = 0
      })
    },
    async close() {
      await worker?.close()
    },
  }
}

function atMost(ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    work.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
