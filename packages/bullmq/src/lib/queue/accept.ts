import { WebhookError, WebhookUnavailableError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { type IRedisTransaction, Job, type Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { idKey, toJobData, toJobId } from '../job/job-data.ts'

/** A script that ioredis has loaded. */
interface LoadedScript {
  lua: string
  numberOfKeys: number
}

/** The commands that ioredis defines for scripts, by name; each takes keys and arguments in one list. */
type Scripted = { scriptsSet: Record<string, LoadedScript> } & Record<
  string,
  (args: unknown[]) => Promise<unknown>
>

/**
 * Adds a delivery's job unless it exists, and returns which was the case.
 *
 * BullMQ's own script gives the same answer in both cases. It therefore runs inside another script, which checks for the
 * job first: still one atomic step and one round trip.
 */
export async function accept(
  queue: Queue,
  client: Redis,
  message: QueuedDelivery,
  retentionMs: number,
): Promise<'enqueued' | 'duplicate'> {
  const jobId = toJobId(message.key)
  const job = new Job(queue, 'delivery', toJobData(message), { jobId, timestamp: message.receivedAt }, jobId)
  const scripted = client as unknown as Scripted
  const answer: unknown = await job.addJob(
    runReporting(scripted, [idKey(queue, message.id), retentionMs, jobId, queue.toKey(jobId)]),
  )
  // Redis confirms with the job's id.
  const [existed, id] = Array.isArray(answer) ? answer : []
  if (id !== jobId) {
    throw new WebhookUnavailableError('store_unavailable', 'Redis did not confirm the delivery')
  }
  return existed === 0 ? 'enqueued' : 'duplicate'
}

/** The part of a client that `Job.addJob` uses. Runs the reporting form of the script that it names. */
function runReporting(client: Scripted, ours: readonly (string | number)[]): IRedisTransaction {
  const runCommand = (name: string, args: unknown[]) => {
    const reporting = `gwh:${name}`
    if (!client[reporting]) defineReporting(client, name, reporting)
    return client[reporting]?.([...args, ...ours])
  }
  return { runCommand } as unknown as IRedisTransaction
}

function defineReporting(client: Scripted, name: string, reporting: string): void {
  const script = client.scriptsSet[name]
  if (!script) throw new WebhookError('internal', `BullMQ has no script ${name}`)
  const lua = toReporting(script.lua)
  const { numberOfKeys } = script
  ;(client as unknown as Redis).defineCommand(reporting, { lua, numberOfKeys })
}

/** The last arguments are ours: the key of the index, how long it lives in milliseconds, the job's id and its key. */
function toReporting(lua: string): string {
  return `
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
    return { existed, id }`
}
