import { WebhookError, WebhookUnavailableError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { type IRedisTransaction, Job, type Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { idKey, toJobData, toJobId } from './job-data.ts'

/** A script as ioredis keeps it. */
interface LoadedScript {
  lua: string
  numberOfKeys: number
}

/** The commands ioredis makes of scripts, by name; each takes keys and arguments in one list. */
type Scripted = { scriptsSet: Record<string, LoadedScript> } & Record<
  string,
  (args: unknown[]) => Promise<unknown>
>

/**
 * Adds a delivery's job unless there is one, and tells which.
 *
 * BullMQ's script answers both cases alike, so it runs inside one that looks for the job first: one step for Redis,
 * and one round trip, as without it.
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
    runTelling(scripted, [idKey(queue, message.id), retentionMs, jobId, queue.toKey(jobId)]),
  )
  // Redis confirms with the job's id; anything else is no confirmation.
  const [existed, id] = Array.isArray(answer) ? answer : []
  if (id !== jobId) {
    throw new WebhookUnavailableError('store_unavailable', 'Redis did not confirm the delivery')
  }
  return existed === 0 ? 'enqueued' : 'duplicate'
}

/** What `Job.addJob` needs of a client; runs the telling form of whatever script it is asked for. */
function runTelling(client: Scripted, ours: readonly (string | number)[]): IRedisTransaction {
  const runCommand = (name: string, args: unknown[]) => {
    const telling = `gwh:${name}`
    if (!client[telling]) defineTelling(client, name, telling)
    return client[telling]?.([...args, ...ours])
  }
  return { runCommand } as unknown as IRedisTransaction
}

function defineTelling(client: Scripted, name: string, telling: string): void {
  const script = client.scriptsSet[name]
  if (!script) throw new WebhookError('internal', `BullMQ has no script ${name}`)
  const lua = toTelling(script.lua)
  const { numberOfKeys } = script
  ;(client as unknown as Redis).defineCommand(telling, { lua, numberOfKeys })
}

/** The last arguments are ours: the key of the index, how long it lives in milliseconds, the job's id and its key. */
function toTelling(lua: string): string {
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
