import { toDeadLetter as asDeadLetter, type DeadLetter, type DeadLetters } from '@gwh/core/queue'
import type { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { toAttempts, toDeadReason } from './dead-reason.ts'
import { toJobId, toMessage } from './job-data.ts'
import { isLeaseLost } from './redis-errors.ts'

/** The queue's failed jobs as dead letters. */
export function createDeadLetters(queue: Queue, client: Redis): DeadLetters {
  const redriveOne = async (jobId: string) => {
    const job = await queue.getJob(jobId)
    if (!job) return 0
    try {
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
      return 1
    } catch (error) {
      // It is not dead, or not any more.
      if (isLeaseLost(error)) return 0
      throw error
    }
  }
  return {
    async list({ limit = 100 } = {}) {
      const jobs = limit > 0 ? await queue.getFailed(0, limit - 1) : []
      return jobs.flatMap(toDeadLetter)
    },
    async redrive(keyOrAll) {
      if (keyOrAll !== 'all') return await redriveOne(toJobId(keyOrAll))
      let redriven = 0
      for (const jobId of await client.zrange(queue.toKey('failed'), '0', '-1'))
        redriven += await redriveOne(jobId)
      return redriven
    },
    async purge({ olderThan }) {
      // BullMQ's limit is inclusive, ours is not; no limit to how many.
      return (await queue.getBackend().cleanJobsByState('failed', olderThan - 1, 0)).length
    },
  }
}

/** Nothing for a job that was never a delivery: it has no letter to show. */
function toDeadLetter(job: Job): DeadLetter[] {
  if (typeof job.data?.body !== 'string') return []
  return [
    asDeadLetter({
      state: 'dead',
      message: toMessage(job.data),
      attempts: toAttempts(job),
      history: [],
      stateTime: job.finishedOn ?? 0,
      reason: toDeadReason(job.failedReason),
    }),
  ]
}
