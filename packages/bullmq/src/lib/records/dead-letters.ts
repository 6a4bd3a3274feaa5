import { toDeadLetter as asDeadLetter, type DeadLetter, type DeadLetters } from '@gwh/core/queue'
import type { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { readNotes, toDeadReason } from '../job/dead-reason.ts'
import { toMessage } from '../job/job-data.ts'
import { CHUNK_COMMANDS, inChunks } from '../redis/chunks.ts'
import { isLeaseLost } from '../redis/redis-errors.ts'
import type { Records } from './records.ts'

// Redis does nothing else while it deletes them.
const CHUNK_JOBS = 500

/** The queue's failed jobs as dead letters. */
export function createDeadLetters(queue: Queue, client: Redis, records: Records): DeadLetters {
  const redriveOne = async (jobId: string) => {
    const job = await queue.getJob(jobId)
    if (!job) return 0
    try {
      await job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
      return 1
    } catch (error) {
      // It was not dead, or is no longer.
      if (isLeaseLost(error)) return 0
      throw error
    }
  }
  return {
    async list({ limit = 100 } = {}) {
      const ids = limit > 0 ? await client.zrange(queue.toKey('failed'), '0', String(limit - 1), 'REV') : []
      const jobs = await inChunks(ids, CHUNK_COMMANDS, (chunk) =>
        Promise.all(chunk.map((id): Promise<Job | undefined> => queue.getJob(id))),
      )
      return jobs.flatMap((job) => (job ? toDeadLetter(job) : []))
    },
    async redrive(target) {
      const allDead = () => client.zrange(queue.toKey('failed'), '0', '-1')
      const jobIds = await (target === 'all' ? allDead() : records.findIds(target))
      let redriven = 0
      for (const jobId of jobIds) redriven += await redriveOne(jobId)
      return redriven
    },
    async purge({ olderThan }) {
      let purged = 0
      for (let last = CHUNK_JOBS; last === CHUNK_JOBS; purged += last) {
        // BullMQ's limit is inclusive, ours is not.
        last = (await queue.getBackend().cleanJobsByState('failed', olderThan - 1, CHUNK_JOBS)).length
      }
      return purged
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
