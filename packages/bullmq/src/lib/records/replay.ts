import type { DeliveryRecord, ReplayFilter } from '@gwh/core/queue'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { bodyKey, readBody } from '../job/bodies.ts'
import { toReplayNotes } from '../job/dead-reason.ts'
import { toJobId } from '../job/job-data.ts'
import { isLeaseLost } from '../redis/redis-errors.ts'
import type { Records } from './records.ts'

/** See `DeliveryQueue.replay`. */
export async function replay(
  queue: Queue,
  client: Redis,
  records: Records,
  target: string | ReplayFilter,
  now: number,
): Promise<number> {
  let replayed = 0
  for (const id of await findIds(records, target)) {
    const body = await readBody(client, bodyKey(queue, id), now)
    if (body !== undefined) replayed += await replayOne(queue, id, body)
  }
  return replayed
}

async function findIds(records: Records, target: string | ReplayFilter): Promise<string[]> {
  if (typeof target === 'string') return (await records.findIds(target)).slice(0, 1)
  const done = await records.list({ state: 'done', limit: Number.MAX_SAFE_INTEGER })
  return done.filter((record) => matches(target, record)).map(({ message }) => toJobId(message.key))
}

function matches(filter: ReplayFilter, { message, event }: DeliveryRecord): boolean {
  const { endpoint = message.endpoint, type = event?.type } = filter
  const { receivedFrom = Number.NEGATIVE_INFINITY, receivedUntil = Number.POSITIVE_INFINITY } = filter
  const { receivedAt } = message
  const inTime = receivedAt >= receivedFrom && receivedAt < receivedUntil
  return inTime && message.endpoint === endpoint && event?.type === type
}

async function replayOne(queue: Queue, id: string, body: string): Promise<number> {
  const job = await queue.getJob(id)
  if (!job || !(await job.isCompleted())) return 0
  await job.updateProgress(toReplayNotes())
  await job.updateData({ ...job.data, body })
  try {
    await job.retry('completed', { resetAttemptsMade: true, resetAttemptsStarted: true })
    return 1
  } catch (error) {
    // It was replayed by another process meanwhile.
    if (isLeaseLost(error)) return 0
    throw error
  }
}
