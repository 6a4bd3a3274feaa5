import type { QueueStats } from '@gwh/core/queue'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'

/** Counts the deliveries in each state. */
export async function readStats(queue: Queue, client: Redis, now: number): Promise<QueueStats> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed', 'completed')
  const { waiting = 0, active = 0, delayed = 0, failed = 0, completed = 0 } = counts
  const oldestPendingMs = await readOldestMs(queue, client, now)
  return {
    pending: waiting,
    running: active,
    retrying: delayed,
    dead: failed,
    done: completed,
    oldestPendingMs,
  }
}

async function readOldestMs(queue: Queue, client: Redis, now: number): Promise<number> {
  const jobId = await client.lindex(queue.toKey('wait'), -1)
  const receivedAt = jobId && (await client.hget(queue.toKey(jobId), 'timestamp'))
  return receivedAt ? Math.max(0, now - Number(receivedAt)) : 0
}
