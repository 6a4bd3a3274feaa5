import { randomUUID } from 'node:crypto'
import {
  type ProcessDelivery,
  toWorkSettings,
  WorkerStopped,
  type WorkOptions,
  type WorkSettings,
} from '@gwh/core/queue'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { toUnavailable } from '../redis/redis-errors.ts'
import { createQueueTime, type QueueTime } from '../redis/redis-time.ts'
import type { BullmqSettings } from '../settings/options.ts'
import { toKeep } from '../settings/retention.ts'
import { createBackendFactory } from './backend.ts'
import { tryJob } from './try-job.ts'
import { createWorkerAccess, type ProcessJobs, type WorkerAccess } from './worker-access.ts'
import { toWorkerOptions } from './worker-options.ts'

/** Options of a drain. */
export type DrainOptions = WorkOptions & { maxMs: number }

/**
 * Handles what is due now and returns; no worker keeps running.
 *
 * Jobs of a process that died become free as with a worker: one drain marks them, a later drain claims them.
 */
export async function drain(
  settings: BullmqSettings,
  { runner, inFlight }: ProcessJobs,
  client: Redis,
  process: ProcessDelivery,
  { maxMs, ...options }: DrainOptions,
): Promise<{ processed: number }> {
  const { name, prefix } = settings
  const work = toWorkSettings(options)
  // BullMQ fetches single jobs through a worker that is not running.
  const workerOptions = { ...toWorkerOptions(settings, work, client), autorun: false }
  const access = createWorkerAccess(runner, inFlight, 0)
  const time = createQueueTime(client, settings.clock)
  const worker = new Worker(name, null, workerOptions, createBackendFactory({ prefix, client, access, time }))
  worker.on('error', (error) => work.onError(toUnavailable(error, 'fetch deliveries')))
  try {
    await worker.getBackend().moveStalledJobsToWait()
    return { processed: await tryAll(settings, worker, { process, work, maxMs, access, time }) }
  } finally {
    await worker.close()
    access.close()
  }
}

interface Task {
  process: ProcessDelivery
  work: WorkSettings
  maxMs: number
  access: WorkerAccess
  time: QueueTime
}

type HandWorker = Worker<unknown, unknown, string, ReturnType<ReturnType<typeof createBackendFactory>>>

async function tryAll(queue: BullmqSettings, worker: HandWorker, task: Task): Promise<number> {
  const { clock, random } = queue
  const { process, work: settings, maxMs, access, time } = task
  const end = clock.now() + maxMs
  const backend = worker.getBackend()
  const fixed = { backend, leaseMs: settings.leaseMs, clock, time, ...toKeep(queue) }
  const timeUp = Promise.withResolvers<false>()
  const stopping = new AbortController()
  const stop = () => {
    stopping.abort(new WorkerStopped())
    timeUp.resolve(false)
  }
  const cancel = Number.isFinite(maxMs) ? clock.schedule(stop, maxMs) : () => {}
  let processed = 0
  const tryInTurn = async () => {
    while (clock.now() < end) {
      const token = randomUUID()
      const job = await worker.getNextJob(token, { block: false })
      if (!job) {
        if (await Promise.race([access.more(), timeUp.promise])) continue
        return
      }
      await tryJob(
        { process, settings, clock, random, inFlight: access.inFlight },
        { job, token, ...fixed },
        stopping.signal,
      )
      access.leave()
      processed++
    }
  }
  const turns = await Promise.allSettled(Array.from({ length: settings.concurrency }, tryInTurn))
  cancel()
  const failed = turns.find((turn) => turn.status === 'rejected')
  if (failed) throw failed.reason
  return processed
}
