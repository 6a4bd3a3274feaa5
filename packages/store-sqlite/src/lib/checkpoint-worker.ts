import { Worker } from 'node:worker_threads'

// A string, so that it is found in whatever a bundler made of this package.
const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads')
const { DatabaseSync } = require('node:sqlite')
const database = new DatabaseSync(workerData)
database.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0')
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
parentPort.on('message', (message) => {
  if (message === 'close') database.close()
  parentPort.postMessage(message === 'close' ? 'closed' : checkpoint.get())
})`

/** A thread with a connection of its own that writes the log of a database back into it. */
export interface CheckpointWorker {
  /**
   * Writes back what can be without making anybody wait. Never rejects; not even when the thread has failed.
   *
   * @param urgent Whether somebody waits for it: only then it keeps the process alive
   */
  checkpoint(urgent: boolean): Promise<void>
  close(): Promise<void>
}

/**
 * Starts the thread. It does not keep the process alive.
 *
 * @param onFailure Told once, when it could not be started or has ended by itself
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
  // One question at a time: an answer does not say to which it belongs.
  const ask = (question: 'checkpoint' | 'close', urgent: boolean) => {
    last = last.then(
      () =>
        new Promise((resolve) => {
          answered = resolve
          if (!worker) return resolve()
          if (urgent) worker.ref()
          worker.postMessage(question)
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
    checkpoint: (urgent) => ask('checkpoint', urgent),
    async close() {
      await ask('close', true)
      const ended = worker
      worker = undefined
      await ended?.terminate()
    },
  }
}
