import { WebhookError, WebhookUnavailableError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { type IRedisTransaction, Job, type Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { toJobData, toJobId } from './job-data.ts'

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
): Promise<'enqueued' | 'duplicate'> {
  const jobId = toJobId(message.key)
  const job = new Job(queue, 'delivery', toJobData(message), { jobId, timestamp: message.receivedAt }, jobId)
  const scripted = client as unknown as Scripted
  const answer: unknown = await job.addJob(runTelling(scripted, queue.toKey(jobId)))
  // Redis confirms with the job's id; anything else is no confirmation.
  const [existed, id] = Array.isArray(answer) ? answer : []
  if (id !== jobId) {
    throw new WebhookUnavailableError('store_unavailable', 'Redis did not confirm the delivery')
  }
  return existed === 0 ? 'enqueued' : 'duplicate'
}

/** What `Job.addJob` needs of a client; runs the telling form of whatever script it is asked for. */
function runTelling(client: Scripted, jobKey: string): IRedisTransaction {
  const runCommand = (name: string, args: unknown[]) => {
    const telling = `gwh:${name}`
    if (!client[telling]) defineTelling(client, name, telling)
    return client[telling]?.([...args, jobKey])
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

/** The last argument is ours: the key of the job. */
function toTelling(lua: string): string {
  return `
    local function add()
    ${lua}
    end
    local existed = redis.call('EXISTS', ARGV[#ARGV])
    return { existed, add() }`
}
