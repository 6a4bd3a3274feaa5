import { WebhookUnavailableError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { type IRedisTransaction, Job, type Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { idKey, toJobData, toJobId } from '../job/job-data.ts'
import { type ScriptWrapper, wrapScript } from '../redis/wrapped-scripts.ts'
import { groupByTurn } from './turns.ts'

/** Adds a delivery's job unless it exists, and resolves to which was the case. */
export type Accept = (message: QueuedDelivery) => Promise<'enqueued' | 'duplicate'>

/** The dependencies of an accept function. */
export interface AcceptParts {
  queue: Queue
  client: Redis
  retentionMs: number
  /** Runs a task once Redis may be written to. */
  whenReady<T>(task: () => Promise<T>): Promise<T>
}

/** One run of BullMQ's script that adds a job. */
interface Addition {
  script: string
  /** What BullMQ passes to its script: keys, then arguments. */
  args: readonly unknown[]
  jobKey: string
  jobId: string
  idKey: string
}

/**
 * Makes a function that accepts deliveries. Those of one turn of the event loop share a script.
 *
 * BullMQ's own script gives the same answer whether the job is new or not. It therefore runs inside another script, which
 * checks for the job first.
 */
export function createAccept({ queue, client, retentionMs, whenReady }: AcceptParts): Accept {
  const add = groupByTurn<Addition, unknown>((additions) =>
    whenReady(async () => {
      // All jobs have the same options, so BullMQ adds all of them with the same script.
      const { numberOfKeys, run } = wrapScript(client, REPORTING, additions[0]?.script ?? '')
      const answer = await run(toArguments(additions, numberOfKeys, retentionMs))
      return Array.isArray(answer) ? answer : []
    }),
  )
  return async (message) => {
    const jobId = toJobId(message.key)
    const options = { jobId, timestamp: message.receivedAt }
    const job = new Job(queue, 'delivery', toJobData(message), options, jobId)
    const ours = { jobId, jobKey: queue.toKey(jobId), idKey: idKey(queue, message.id) }
    const collecting = {
      runCommand: (script: string, args: unknown[]) =>
        add({ script, args, ...ours }, message.body.byteLength),
    }
    return toAnswer(await job.addJob(collecting as unknown as IRedisTransaction))
  }
}

function toArguments(additions: readonly Addition[], numberOfKeys: number, retentionMs: number): unknown[] {
  const [first] = additions
  const keys = first?.args.slice(0, numberOfKeys) ?? []
  const each = (first?.args.length ?? 0) - numberOfKeys
  const jobs = additions.flatMap(({ args, jobId, jobKey, idKey }) => [
    jobId,
    jobKey,
    idKey,
    ...args.slice(numberOfKeys),
  ])
  return [...keys, retentionMs, each, ...jobs]
}

function toAnswer(answer: unknown): 'enqueued' | 'duplicate' {
  if (answer === 'enqueued' || answer === 'duplicate') return answer
  const why = answer === undefined ? '' : `: ${answer}`
  throw new WebhookUnavailableError('store_unavailable', `Redis did not confirm the delivery${why}`)
}

/**
 * ARGV: how long the index lives in milliseconds, how many arguments BullMQ passes, and for each job its id, its key, the
 * key of the index and what BullMQ passes.
 *
 * Replies for each job `enqueued`, `duplicate`, or what BullMQ's script returned or failed with. A key of another type
 * affects one job only. Other errors, such as READONLY, concern all of them; clients react to them, so the script fails.
 *
 * If BullMQ fails between storing a job and adding it to the list of waiting jobs, the job is removed: no worker would find
 * it, and the sender's retry would count as a duplicate.
 */
const REPORTING: ScriptWrapper = {
  name: 'accept',
  wrap: (lua) => `
    local function add(KEYS, ARGV)
    ${lua}
    end
    local replies = {}
    local time = redis.call('TIME')
    local function isWaiting(id, prefix)
      for _, list in ipairs({ 'wait', 'paused' }) do
        local ok, newest = pcall(redis.call, 'LINDEX', prefix .. list, 0)
        if ok and newest == id then return true end
      end
      return false
    end
    local function accept(id, job, index, args)
      local existed = redis.call('EXISTS', job)
      local ok, added = pcall(add, KEYS, args)
      if not ok then
        if existed == 0 and not isWaiting(id, job:sub(1, -1 - #id)) then redis.call('DEL', job) end
        error(added, 0)
      end
      if added ~= id then return added end
      if existed == 1 then return 'duplicate' end
      redis.call('ZADD', index, time[1] * 1000000 + time[2] + #replies, id)
      redis.call('PEXPIRE', index, ARGV[1])
      return 'enqueued'
    end
    local each = tonumber(ARGV[2])
    for i = 3, #ARGV, each + 3 do
      local ok, reply = pcall(accept, ARGV[i], ARGV[i + 1], ARGV[i + 2], { unpack(ARGV, i + 3, i + 2 + each) })
      if not ok then
        if type(reply) ~= 'table' then reply = redis.error_reply(reply) end
        if not reply.err:find('WRONGTYPE', 1, true) then return reply end
        reply = reply.err
      end
      replies[#replies + 1] = reply or 'no answer'
    end
    return replies`,
}
