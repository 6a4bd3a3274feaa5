import { toCause } from '@gwh/core/errors'
import { type TryDeps, tryDelivery } from '@gwh/core/queue'
import { readNotes, toFailedReason } from '../job/dead-reason.ts'
import { isErased, type JobData, toMessage } from '../job/job-data.ts'
import { toUnavailable } from '../redis/redis-errors.ts'
import { createJobSettlement, fenced, type LockedJob } from './job-settlement.ts'

/** Dependencies shared by the jobs of one worker or drain. */
export type Trial = Omit<TryDeps, 'settlement'>

/**
 * Handles the delivery of a locked job and settles it as done, retrying or dead.
 *
 * Attempts are BullMQ's count of starts, so they rise when a job is claimed, and a delivery that kills every process
 * also ends after `maxAttempts`. Never rejects: a job that could not be settled becomes free when its lock runs out.
 *
 * @param stop Aborted to return the job at once
 */
export async function tryJob(trial: Trial, locked: LockedJob, stop: AbortSignal): Promise<void> {
  const { job, token, backend } = locked
  try {
    const data: Partial<JobData> = job.data
    if (isErased(data)) await completeAgain(locked)
    else if (stop.aborted) await fenced(backend.moveJobFromActiveToWait(job.id ?? '', token))
    else await tryMessage(trial, locked, stop)
  } catch (error) {
    trial.settings.onError(toUnavailable(error, 'settle a delivery'))
  }
}

async function tryMessage(trial: Trial, locked: LockedJob, stop: AbortSignal): Promise<void> {
  const message = await readMessage(locked)
  const { history = [], replay } = readNotes(locked.job)
  const leased = {
    key: message.key,
    token: 1,
    message,
    attempt: locked.job.attemptsStarted,
    history,
    ...(replay && { replay }),
  }
  await tryDelivery({ ...trial, settlement: createJobSettlement(locked, leased) }, leased, stop)
}

/** Reads the delivery of a job, and fails a job that is not a delivery. */
async function readMessage({ job, token, backend, keepDead, time }: LockedJob) {
  try {
    return toMessage(job.data)
  } catch (error) {
    const reason = toFailedReason('payload_invalid', toCause(error))
    await fenced(backend.failPermanently(job, token, time.now(), reason, keepDead))
    throw error
  }
}

/** Completes again a handled delivery that, for instance, a dashboard has put back: it has no body to handle. */
async function completeAgain({ job, token, backend, keepDone, time }: LockedJob): Promise<void> {
  await fenced(backend.completeErased(job, token, time.now(), JSON.stringify(job.data), keepDone))
}
