import type { Clock, ProcessDelivery, WorkOptions } from '@gwh/core/queue'
import { createStoredQueue } from '@gwh/core/queue'
import { toFailedReason } from './dead-reason.ts'
import { isErased, type JobData, toMessage } from './job-data.ts'
import { createOneDelivery, fenced, type LockedJob } from './one-delivery.ts'
import { toUnavailable } from './redis-errors.ts'

/** How the jobs of one worker or drain are tried. */
export interface Trial {
  process: ProcessDelivery
  options: WorkOptions
  clock: Clock
  random: () => number
}

/**
 * Tries the delivery of a locked job and settles it: done, to be retried, or dead.
 *
 * Attempts are BullMQ's count of starts, so they rise when a job is taken, and a delivery that kills every process
 * that tries it ends after `maxAttempts` as well. Never rejects: what could not be settled becomes free when its
 * lock runs out.
 *
 * @param maxMs How long the try may take at most. Default: as long as `handlerTimeoutMs` allows
 */
export async function tryJob(trial: Trial, locked: LockedJob, maxMs?: number): Promise<void> {
  try {
    const data: Partial<JobData> = locked.job.data
    if (isErased(data)) await completeAgain(locked)
    else await tryDelivery(trial, locked, maxMs)
  } catch (error) {
    trial.options.onError?.(toUnavailable(error, 'settle a delivery'))
  }
}

async function tryDelivery(trial: Trial, locked: LockedJob, maxMs: number | undefined): Promise<void> {
  const { job, token, backend } = locked
  const message = await readMessage(locked)
  let cause: unknown
  const process: ProcessDelivery = async (...args) => {
    try {
      await trial.process(...args)
    } catch (error) {
      cause = error
      throw error
    }
  }
  const leased = { key: message.key, token: 1, message, attempt: job.attemptsStarted }
  const delivery = createOneDelivery(locked, leased, () => cause)
  const options = { ...trial.options, concurrency: 1, ...(maxMs !== undefined && { maxMs }) }
  await createStoredQueue(delivery, trial).drain(process, options)
  // Its time was up before it began.
  if (!delivery.taken) await fenced(backend.moveJobFromActiveToWait(job.id ?? '', token))
}

/** Fails a job that somebody else put into the queue, and says so. */
async function readMessage({ job, token, backend, keepDead }: LockedJob) {
  try {
    return toMessage(job.data)
  } catch (error) {
    await fenced(backend.moveToFailed(job, toFailedReason('payload_invalid', error), keepDead, token, false))
    throw error
  }
}

/** Somebody made a handled delivery wait again, in a dashboard for instance; its body is gone, its effect is not. */
async function completeAgain({ job, token, backend, keepDone, clock }: LockedJob): Promise<void> {
  await fenced(backend.completeErased(job, token, clock.now(), JSON.stringify(job.data), keepDone))
}
