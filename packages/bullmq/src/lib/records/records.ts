import { WebhookConfigError } from '@gwh/core/errors'
import {
  type DeliveryRecord,
  type DeliveryState,
  type ListOptions,
  type StoredDelivery,
  toRecord,
} from '@gwh/core/queue'
import type { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { bodyKey, readBody } from '../job/bodies.ts'
import { readNotes, toDeadReason } from '../job/dead-reason.ts'
import { idKey, toJobId, toStoredMessage } from '../job/job-data.ts'
import { CHUNK_COMMANDS, inChunks, pipelined } from '../redis/chunks.ts'

/** The records of a queue's deliveries. */
export interface Records {
  /**
   * See `DeliveryQueue.list`. Reads the id and the time of every delivery in the state, or in all states, in chunks, so
   * that other commands can run in between.
   */
  list(options?: ListOptions): Promise<DeliveryRecord[]>
  /** See `DeliveryQueue.get`. */
  get(keyOrWebhookId: string): Promise<DeliveryRecord | undefined>
  /** The ids of the jobs with that key, or else of those with that `webhook-id`, the newest first. */
  findIds(keyOrWebhookId: string): Promise<string[]>
}

const BULLMQ_STATES = {
  pending: 'wait',
  running: 'active',
  retrying: 'delayed',
  dead: 'failed',
  done: 'completed',
} as const satisfies Record<DeliveryState, string>

const STATES = Object.keys(BULLMQ_STATES) as DeliveryState[]

// BullMQ keeps an order among jobs of one millisecond in the lowest 12 bits of a score.
const SCORES_PER_MS = 0x1000

// Reading a record takes up to three commands.
const CHUNK_RECORDS = Math.floor(CHUNK_COMMANDS / 3)

/** Where a delivery is. */
interface Entry {
  /** The id of its job. */
  id: string
  state: DeliveryState
}

/** The deliveries of a queue, wherever BullMQ keeps them. */
export function createRecords(queue: Queue, client: Redis, now: () => number): Records {
  const idsIn = (state: DeliveryState) => {
    const key = queue.toKey(BULLMQ_STATES[state])
    return state === 'pending' || state === 'running'
      ? client.lrange(key, 0, -1)
      : client.zrange(key, '0', '-1', 'REV')
  }
  const withTimes = async (entries: readonly Entry[]) => {
    const times = await pipelined(client, entries, (pipeline, { id }) =>
      pipeline.hget(queue.toKey(id), 'timestamp'),
    )
    return entries.map((entry, index) => ({ ...entry, receivedAt: Number(times[index]) }))
  }
  const stateTime = async (job: Job, id: string, state: DeliveryState) => {
    if (state === 'retrying') {
      return Math.floor(Number(await client.zscore(queue.toKey('delayed'), id)) / SCORES_PER_MS)
    }
    if (state === 'running') return now() + Math.max(0, await client.pttl(queue.toKey(`${id}:lock`)))
    return job.finishedOn ?? 0
  }
  const read = async ({ id, state }: Entry): Promise<DeliveryRecord[]> => {
    const job: Job | undefined = await queue.getJob(id)
    const body = state === 'done' ? await readBody(client, bodyKey(queue, id), now()) : undefined
    const message = job && toStoredMessage({ ...job.data, ...(body !== undefined && { body }) })
    // It was purged meanwhile, or is not a delivery.
    if (!job || !message) return []
    return [toRecord(toStored(job, message, state, await stateTime(job, id, state)))]
  }
  const records: Records = {
    async list({ state, limit = 100, after } = {}) {
      const found = await Promise.all(
        (state ? [state] : STATES).map(async (one) => (await idsIn(one)).map((id) => ({ id, state: one }))),
      )
      const timed = await withTimes(found.flat())
      // Stable: what was received in one millisecond stays in BullMQ's order.
      const sorted = timed.sort((a, b) => b.receivedAt - a.receivedAt)
      const lastId = after === undefined ? undefined : toJobId(after)
      const last = sorted.findIndex(({ id }) => id === lastId)
      if (lastId !== undefined && last === -1) {
        throw new WebhookConfigError('option_invalid', '"after" is not the key of a listed delivery')
      }
      const start = last + 1
      const page = sorted.slice(start, start + limit)
      return await inChunks(page, CHUNK_RECORDS, async (chunk) => (await Promise.all(chunk.map(read))).flat())
    },
    async get(keyOrWebhookId) {
      const [id] = await records.findIds(keyOrWebhookId)
      if (id === undefined) return undefined
      const word = await queue.getJobState(id)
      const state = STATES.find((one) => BULLMQ_STATES[one] === (word === 'waiting' ? 'wait' : word))
      return state && (await read({ id, state }))[0]
    },
    async findIds(keyOrWebhookId) {
      const jobId = toJobId(keyOrWebhookId)
      if (await client.exists(queue.toKey(jobId))) return [jobId]
      return await client.zrange(idKey(queue, keyOrWebhookId), '0', '-1', 'REV')
    },
  }
  return records
}

function toStored(
  job: Job,
  message: StoredDelivery['message'],
  state: DeliveryState,
  stateTime: number,
): StoredDelivery {
  const { attempts = job.attemptsStarted, history = [], replay } = readNotes(job)
  return {
    state,
    message,
    attempts: state === 'dead' ? attempts : job.attemptsStarted,
    history,
    stateTime,
    ...(state !== 'done' && replay && { replay }),
    ...(state === 'dead' && { reason: toDeadReason(job.failedReason) }),
  }
}
