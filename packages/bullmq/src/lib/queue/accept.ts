import { WebhookUnavailableError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { Job, type Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { idKey, toJobData, toJobId } from '../job/job-data.ts'
import { type ScriptWrapper, wrapScripts } from '../redis/wrapped-scripts.ts'

/**
 * Adds a delivery's job unless it exists, and returns which was the case.
 *
 * BullMQ's own script gives the same answer in both cases. It therefore runs inside another script, which checks for the
 * job first.
 */
export async function accept(
  queue: Queue,
  client: Redis,
  message: QueuedDelivery,
  retentionMs: number,
): Promise<'enqueued' | 'duplicate'> {
  const jobId = toJobId(message.key)
  const job = new Job(queue, 'delivery', toJobData(message), { jobId, timestamp: message.receivedAt }, jobId)
  const ours = [idKey(queue, message.id), retentionMs, jobId, queue.toKey(jobId)]
  const answer: unknown = await job.addJob(wrapScripts(client, REPORTING, ours))
  // Redis confirms with the job's id.
  const [existed, id] = Array.isArray(answer) ? answer : []
  if (id !== jobId) {
    throw new WebhookUnavailableError('store_unavailable', 'Redis did not confirm the delivery')
  }
  return existed === 0 ? 'enqueued' : 'duplicate'
}

/** The last arguments are ours: the key of the index, how long it lives in milliseconds, the job's id and its key. */
const REPORTING: ScriptWrapper = {
  name: 'accept',
  wrap: (lua) => `
    local function add()
    ${lua}
    end
    local existed = redis.call('EXISTS', ARGV[#ARGV])
    local id = add()
    if existed == 0 then
      local time = redis.call('TIME')
      redis.call('ZADD', ARGV[#ARGV - 3], time[1] * 1000000 + time[2], ARGV[#ARGV - 1])
      redis.call('PEXPIRE', ARGV[#ARGV - 3], ARGV[#ARGV - 2])
    end
    return { existed, id }`,
}
