import {
  type ProcessDelivery,
  type QueueWorker,
  toWorkSettings,
  WorkerStopped,
  type WorkOptions,
} from '@gwh/core/queue'
import { DelayedError, type Job, Worker } from 'bullmq'
import { createClient } from '../redis/connection.ts'
import { toUnavailable } from '../redis/redis-errors.ts'
import { createQueueTime } from '../redis/redis-time.ts'
import type { BullmqSettings } from '../settings/options.ts'
import { toKeep } from '../settings/retention.ts'
import { createBackendFactory } from './backend.ts'
import { tryJob } from './try-job.ts'
import { createWorkerAccess, type ProcessJobs } from './worker-access.ts'
import { toWorkerOptions } from './worker-options.ts'

// How long a stopping worker waits for Redis after its handlers have ended.
const SETTLE_MS = 2_000

// How long a worker waits while another worker of this process runs a quarantined job.
const TURNED_AWAY_MS = 50

/** Starts a BullMQ worker, which fetches jobs; core's `tryDelivery` handles each. */
export function startWorker(
  settings: BullmqSettings,
  { runner, inFlight }: ProcessJobs,
  process: ProcessDelivery,
  options: WorkOptions = {},
): QueueWorker {
  const { connection, name, prefix, clock, random } = settings
  const work = toWorkSettings(options)
  const stopping = new AbortController()
  const client = createClient(connection, 'patient')
  const blockingClient = createClient(connection, 'patient')
  const access = createWorkerAccess(runner, inFlight, TURNED_AWAY_MS)
  const time = createQueueTime(client, clock)
  const handlers = trackHandlers(process)
  const trial = { process: handlers.process, settings: work, clock, random, inFlight }

  const processor = async (job: Job, token = '') => {
    const backend = worker.getBackend()
    const locked = { job, token, backend, leaseMs: work.leaseMs, clock, time, ...toKeep(settings) }
    await tryJob(trial, locked, stopping.signal)
    access.leave()
    // Signals to BullMQ that the processor has settled the job itself.
    throw new DelayedError()
  }
  const workerOptions = toWorkerOptions(settings, work, client)
  const worker = new Worker(
    name,
    processor,
    workerOptions,
    createBackendFactory({ prefix, client, blockingClient, access, time }),
  )
  worker.on('error', (error) => {
    if (!stopped) work.onError(toUnavailable(error, 'fetch deliveries'))
  })

  let stopped: Promise<void> | undefined
  const stop = async () => {
    const { promise: forced, resolve: force } = Promise.withResolvers<void>()
    const cancelAbort = clock.schedule(() => stopping.abort(new WorkerStopped()), work.stopTimeoutMs)
    let cancelForce = () => {}
    handlers.ended().then(() => {
      cancelForce = clock.schedule(force, SETTLE_MS)
    })
    // BullMQ waits while Redis is down. A job that was not settled becomes free when its lock runs out.
    await Promise.race([worker.close(), forced])
    access.close()
    cancelAbort()
    cancelForce()
    client.disconnect()
    blockingClient.disconnect()
  }
  return {
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Lets a stopping worker wait until its handlers have ended or were aborted. */
function trackHandlers(process: ProcessDelivery) {
  const running = new Set<Promise<void>>()
  return {
    process(message, context) {
      const handled = process(message, context)
      const over = untilAborted(context.signal, handled)
      running.add(over)
      const remove = () => running.delete(over)
      over.then(remove, remove)
      return handled
    },
    ended: async () => void (await Promise.allSettled(running)),
  } satisfies { process: ProcessDelivery; ended(): Promise<void> }
}

async function untilAborted(signal: AbortSignal, handled: Promise<void>): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([aborted, handled])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
