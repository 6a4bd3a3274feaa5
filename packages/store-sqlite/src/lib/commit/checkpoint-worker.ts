import { Worker } from 'node:worker_threads'

// A string, so that it works wherever a bundler puts this package.
const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const { DatabaseSync } = require('node:sqlite')
const database = new DatabaseSync(workerData)
database.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0')
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
const truncate = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
parentPort.on('message', (message) => {
  if (message === 'close') database.close()
  else checkpoint.get()
  // It locks out writers, so most of the work is done first.
  if (message === 'truncate') truncate.get()
  parentPort.postMessage('done')
})`

/** A thread with its own connection that writes the log of a database back into it. */
export interface CheckpointWorker {
  /**
   * Writes back what it can without making any connection wait. Never rejects, even if the thread has failed.
   *
   * @param urgent Whether a transaction waits for it; only then does it keep the process alive
   */
  checkpoint(urgent: boolean): Promise<void>
  /** Writes everything back and empties the log, unless a connection still reads from it. Never rejects. */
  truncate(): Promise<void>
  /** Ends the thread. */
  close(): Promise<void>
}

/**
 * Starts the thread. It does not keep the process alive.
 *
 * @param onFailure Called once when the thread could not be started or has ended by itself
 */
export function startCheckpointWorker(path: string, onFailure: () => void): CheckpointWorker {
  let worker: Worker | undefined
  let answered: (() => void) | undefined
  const fail = () => {
    if (!worker) return
    worker = undefined
    answered?.()
    onFailure()
  }
  let last = Promise.resolve()
  // One request at a time, because a reply does not say which request it belongs to.
  const send = (request: 'checkpoint' | 'truncate' | 'close', urgent: boolean) => {
    // At once, because an earlier request that is not urgent may still run.
    if (urgent) worker?.ref()
    last = last.then(
      () =>
        new Promise((resolve) => {
          answered = resolve
          if (!worker) return resolve()
          if (urgent) worker.ref()
          worker.postMessage(request)
        }),
    )
    return last
  }
  try {
    worker = new Worker(SOURCE, { eval: true, workerData: path, execArgv: ['--no-warnings'] })
    worker.on('message', () => {
      worker?.unref()
      answered?.()
    })
    worker.on('error', fail)
    worker.on('exit', fail)
    worker.unref()
  } catch {
    onFailure()
  }
  return {
    checkpoint: (urgent) => send('checkpoint', urgent),
    truncate: () => send('truncate', false),
    async close() {
      await send('close', true)
      const ended = worker
      worker = undefined
      await ended?.terminate()
    },
  }
}
