import { randomUUID } from 'node:crypto'
import type { ProcessDelivery, WorkOptions } from '@gwh/core/queue'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { createBackendFactory } from './backend.ts'
import type { BullmqSettings } from './options.ts'
import { toKeep } from './retention.ts'
import { tryJob } from './try-job.ts'
import { toWorkerOptions, toWorkSettings, type WorkSettings } from './work-settings.ts'
import { createWorkerAccess, type JobRunner, type WorkerAccess } from './worker-access.ts'

/** Options of a drain. */
export type DrainOptions = WorkOptions & { maxMs?: number }

/**
 * Tries what is due now and returns; no worker is left behind.
 *
 * Jobs of a process that died become free as under a worker: one drain marks them, a later one takes them.
 */
export async function drain(
  settings: BullmqSettings,
  runner: JobRunner,
  client: Redis,
  process: ProcessDelivery,
  { maxMs, ...options }: DrainOptions,
): Promise<{ processed: number }> {
  const { name, prefix } = settings
  const work = toWorkSettings(options)
  // BullMQ's way of fetching by hand: a worker that never runs.
  const workerOptions = { ...toWorkerOptions(settings, work, client), autorun: false }
  const access = createWorkerAccess(runner, 0)
  const worker = new Worker(name, null, workerOptions, createBackendFactory({ prefix, client, access }))
  worker.on('error', work.onError)
  try {
    await worker.getBackend().moveStalledJobsToWait()
    return { processed: await tryAll(settings, worker, { process, options, work, maxMs, access }) }
  } finally {
    await worker.close()
    access.close()
  }
}

interface Task {
  process: ProcessDelivery
  options: WorkOptions
  work: WorkSettings
  maxMs: number | undefined
  access: WorkerAccess
}

type HandWorker = Worker<unknown, unknown, string, ReturnType<ReturnType<typeof createBackendFactory>>>

async function tryAll(settings: BullmqSettings, worker: HandWorker, task: Task): Promise<number> {
  const { clock, random } = settings
  const { process, options, work, maxMs = Number.POSITIVE_INFINITY, access } = task
  const end = clock.now() + maxMs
  const backend = worker.getBackend()
  const fixed = { backend, leaseMs: work.leaseMs, clock, ...toKeep(settings) }
  const timeUp = Promise.withResolvers<false>()
  const cancel = Number.isFinite(maxMs) ? clock.schedule(() => timeUp.resolve(false), maxMs) : () => {}
  let processed = 0
  const tryInTurn = async () => {
    while (clock.now() < end) {
      const token = randomUUID()
      const job = await worker.getNextJob(token, { block: false })
      if (!job) {
        if (await Promise.race([access.more(), timeUp.promise])) continue
        return
      }
      const left = Number.isFinite(end) ? Math.max(1, end - clock.now()) : undefined
      await tryJob({ process, options, clock, random }, { job, token, ...fixed }, left)
      access.leave()
      processed++
    }
  }
  const turns = await Promise.allSettled(Array.from({ length: work.concurrency }, tryInTurn))
  cancel()
  const failed = turns.find((turn) => turn.status === 'rejected')
  if (failed) throw failed.reason
  return processed
}
