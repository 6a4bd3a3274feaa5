import type { DeliveryRecord, ReplayFilter } from '@gwh/core/queue'
import type { Job, Queue, RedisQueueBackend } from 'bullmq'
import type { Redis } from 'ioredis'
import { bodyKey, readBody } from '../job/bodies.ts'
import { toReplayNotes } from '../job/dead-reason.ts'
import { toJobId } from '../job/job-data.ts'
import { isLeaseLost } from '../redis/redis-errors.ts'
import { type ScriptWrapper, wrapScripts } from '../redis/wrapped-scripts.ts'
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
    if (body !== undefined) replayed += await replayOne(queue, client, id, body)
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

/** Makes a handled job pending again, with its body, in one step: nothing is written if another process was faster. */
async function replayOne(queue: Queue, client: Redis, id: string, body: string): Promise<number> {
  const job: Job | undefined = await queue.getJob(id)
  if (!job) return 0
  const written = [JSON.stringify({ ...job.data, body }), JSON.stringify(toReplayNotes())]
  const backend = queue.getBackend() as RedisQueueBackend
  const restoring: RedisQueueBackend = Object.create(backend, {
    execCommand: {
      value: (_: unknown, name: string, args: unknown[]) =>
        backend.execCommand(wrapScripts(client, RESTORING, written), name, args),
    },
  })
  try {
    await restoring.retryFinishedJob(job, 'completed', {
      resetAttemptsMade: true,
      resetAttemptsStarted: true,
    })
    return 1
  } catch (error) {
    // It was not handled yet, or another process replayed it meanwhile.
    if (isLeaseLost(error)) return 0
    throw error
  }
}

/** The first key is the job's; the last arguments are ours: its data and its notes. */
const RESTORING: ScriptWrapper = {
  name: 'restore',
  wrap: (lua) => `
    local function retry()
    ${lua}
    end
    local result = retry()
    if result == 1 then
      redis.call('HSET', KEYS[1], 'data', ARGV[#ARGV - 1], 'progress', ARGV[#ARGV])
    end
    return result`,
}
