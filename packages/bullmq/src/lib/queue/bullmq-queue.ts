import { WebhookConfigError } from '@gwh/core/errors'
import {
  type Clock,
  checkListOptions,
  checkPurgeOptions,
  checkReplayTarget,
  checkTarget,
  createInFlight,
  type DeadLetters,
  type DeliveryQueue,
  toDeadLetterLimit,
  toDrainLimit,
  toWorkSettings,
} from '@gwh/core/queue'
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { createDeadLetters } from '../records/dead-letters.ts'
import { createRecords } from '../records/records.ts'
import { replay } from '../records/replay.ts'
import { readStats } from '../records/stats.ts'
import { createClient, createReadiness } from '../redis/connection.ts'
import { createDurabilityCheck } from '../redis/durability.ts'
import { onRedis } from '../redis/redis-errors.ts'
import { type BullmqQueueOptions, toSettings } from '../settings/options.ts'
import { drain } from '../worker/drain.ts'
import { startWorker } from '../worker/worker.ts'
import { createJobRunner } from '../worker/worker-access.ts'
import { createAccept } from './accept.ts'
import { createPending } from './pending.ts'

/**
 * Opens a durable queue of deliveries on BullMQ, which any number of receivers and workers share over one Redis.
 *
 * A delivery is acknowledged when Redis has confirmed it. From then on Redis must keep it: `appendonly yes` and
 * `maxmemory-policy noeviction` are required, and with `appendfsync always` nothing acknowledged is lost; with
 * `everysec`, up to the last second is. When Redis cannot be reached, `enqueue` rejects within about a second and
 * workers wait for it.
 *
 * @example
 * ```ts
 * const queue = createBullmqQueue({ connection: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
 * const receiver = createReceiver({ static: { secrets }, queue })
 * ```
 * @throws WebhookConfigError `option_invalid`; `store_volatile` from `ready` and `enqueue`, see `allowVolatile` and
 * `allowEviction`
 */
export function createBullmqQueue(options: BullmqQueueOptions): DeliveryQueue {
  const settings = toSettings(options)
  const { connection, name, prefix, clock } = settings
  const client = createClient(connection, 'impatient')
  const queue = new Queue(name, { connection: client, prefix, skipVersionCheck: true })
  // Each call rejects with its own failure; an `error` event without a listener would end the process.
  queue.on('error', () => {})
  const checkDurability = createDurabilityCheck(client, clock, settings)
  const onReady = createOnReady(queue, client, clock)
  const accept = createAccept({
    queue,
    client,
    retentionMs: settings.retentionMs,
    whenReady: (task) =>
      onReady('enqueue', async () => {
        await checkDurability()
        return await task()
      }),
  })
  const enqueues = createPending()
  const inFlight = createInFlight()
  const jobs = { inFlight, runner: createJobRunner(inFlight) }
  const records = createRecords(queue, client, () => clock.now())
  return {
    enqueue: (message) => enqueues.add(onRedis('enqueue', () => accept(message))),
    work: (process, options) => startWorker(settings, jobs, process, options),
    async drain(process, options = {}) {
      toWorkSettings(options)
      const maxMs = toDrainLimit(options.maxMs)
      return await onReady('drain', () => drain(settings, jobs, client, process, { ...options, maxMs }))
    },
    stats: () => onReady('count deliveries', () => readStats(queue, client, clock.now())),
    deadLetters: checkedDeadLetters(createDeadLetters(queue, client, records), onReady),
    async ready() {
      try {
        await onReady('check the settings of Redis', checkDurability)
      } catch (error) {
        // A Redis that is down must not keep receivers from starting.
        if (error instanceof WebhookConfigError) throw error
      }
    },
    async list(options) {
      const checked = checkListOptions(options)
      return await onReady('list deliveries', () => records.list(checked))
    },
    async get(keyOrWebhookId) {
      checkTarget(keyOrWebhookId)
      return await onReady('look up a delivery', () => records.get(keyOrWebhookId))
    },
    async replay(target) {
      checkReplayTarget(target)
      return await onReady('replay', () => replay(queue, client, records, target, clock.now()))
    },
    async close() {
      await enqueues.ended()
      await queue.close()
      client.disconnect()
    },
  }
}

/** Runs a task once the client can take commands. */
type OnReady = <T>(doing: string, task: () => Promise<T>) => Promise<T>

function createOnReady(queue: Queue, client: Redis, clock: Clock): OnReady {
  const untilReady = createReadiness(client, clock)
  let hasScripts = false
  return (doing, task) =>
    onRedis(doing, async () => {
      if (client.status !== 'ready') await untilReady()
      // BullMQ defines its scripts once, when the client is first ready.
      if (!hasScripts) await queue.waitUntilReady()
      hasScripts = true
      return await task()
    })
}

function checkedDeadLetters(letters: DeadLetters, onReady: OnReady): DeadLetters {
  return {
    async list(options) {
      const limit = toDeadLetterLimit(options)
      return await onReady('list dead letters', () => letters.list({ limit }))
    },
    async redrive(target) {
      checkTarget(target)
      return await onReady('redrive', () => letters.redrive(target))
    },
    async purge(options) {
      checkPurgeOptions(options)
      return await onReady('purge dead letters', () => letters.purge(options))
    },
  }
}
