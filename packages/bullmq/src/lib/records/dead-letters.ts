import { toDeadLetter as asDeadLetter, type DeadLetter, type DeadLetters } from '@gwh/core/queue'
import type { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { readNotes, toDeadReason } from '../job/dead-reason.ts'
import { toMessage } from '../job/job-data.ts'
import { isLeaseLost } from '../redis/redis-errors.ts'
import type { Records } from './records.ts'

/** The queue's failed jobs as dead letters. */
export function createDeadLetters(queue: Queue, client: Redis, records: Records): DeadLetters {
  const redriveOne = async (jobId: string) => {
    const job = await queue.getJob(jobId)
    if (!job) return 0
    try {
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
      return 1
    } catch (error) {
      // It is not dead, or no longer.
      if (isLeaseLost(error)) return 0
      throw error
    }
  }
  return {
    async list({ limit = 100 } = {}) {
      const jobs = limit > 0 ? await queue.getFailed(0, limit - 1) : []
      return jobs.flatMap(toDeadLetter)
    },
    async redrive(target) {
      const dead = client.zrange(queue.toKey('failed'), '0', '-1')
      let redriven = 0
      for (const jobId of target === 'all' ? await dead : await records.findIds(target)) {
        redriven += await redriveOne(jobId)
      }
      return redriven
    },
    async purge({ olderThan }) {
      // BullMQ's limit is inclusive, ours is not; no limit to how many.
      return (await queue.getBackend().cleanJobsByState('failed', olderThan - 1, 0)).length
    },
  }
}

/** Empty for a job that is not a delivery. */
function toDeadLetter(job: Job): DeadLetter[] {
  if (typeof job.data?.body !== 'string') return []
  return [
    asDeadLetter({
      state: 'dead',
      message: toMessage(job.data),
      attempts: readNotes(job).attempts ?? job.attemptsStarted,
      history: readNotes(job).history ?? [],
      replay: readNotes(job).replay ?? false,
      stateTime: job.finishedOn ?? 0,
      reason: toDeadReason(job.failedReason),
    }),
  ]
}
