import { type DeliveryQueue, toWorkSettings } from '@gwh/core/queue'
import { Queue } from 'bullmq'
import { accept } from './accept.ts'
import { createClient, createReadiness } from './connection.ts'
import { createDeadLetters } from './dead-letters.ts'
import { drain } from './drain.ts'
import { createEvictionCheck } from './eviction.ts'
import { type BullmqQueueOptions, toSettings } from './options.ts'
import { onRedis } from './redis-errors.ts'
import { readStats } from './stats.ts'
import { startWorker } from './worker.ts'
import { createJobRunner } from './worker-access.ts'

/**
 * Opens a durable queue of deliveries on BullMQ, which any number of receivers and workers share over one Redis.
 *
 * A delivery is acknowledged when Redis has confirmed it: what that is worth when Redis itself dies is up to its
 * settings. `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction` keep everything acknowledged.
 * When Redis cannot be reached, `enqueue` rejects within about a second and workers wait for it.
 *
 * @example
 * ```ts
 * const queue = createBullmqQueue({ connection: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
 * const receiver = createReceiver({ static: { secrets }, queue })
 * ```
 * @throws WebhookConfigError `option_invalid`
 */
export function createBullmqQueue(options: BullmqQueueOptions): DeliveryQueue {
  const settings = toSettings(options)
  const { connection, name, prefix, allowEviction, clock } = settings
  const client = createClient(connection, 'impatient')
  const queue = new Queue(name, { connection: client, prefix, skipVersionCheck: true })
  // Every call reports its own failure; an event without a listener would end the process.
  queue.on('error', () => {})
  const checkEviction = createEvictionCheck(client, allowEviction)
  const untilReady = createReadiness(client, clock)
  const runner = createJobRunner()
  let hasScripts = false
  const onReady = <T>(doing: string, task: () => Promise<T>) =>
    onRedis(doing, async () => {
      if (client.status !== 'ready') await untilReady()
      // BullMQ defines its scripts once, when the client is first ready.
      if (!hasScripts) await queue.waitUntilReady()
      hasScripts = true
      return await task()
    })
  const letters = createDeadLetters(queue, client)
  return {
    enqueue: (message) =>
      onReady('enqueue', async () => {
        await checkEviction()
        return await accept(queue, client, message)
      }),
    work: (process, options) => startWorker(settings, runner, process, options),
    async drain(process, options = {}) {
      toWorkSettings(options)
      return await onReady('drain', () => drain(settings, runner, client, process, options))
    },
    stats: () => onReady('count deliveries', () => readStats(queue, client, clock.now())),
    deadLetters: {
      list: (options) => onReady('list dead letters', () => letters.list(options)),
      redrive: (keyOrAll) => onReady('redrive', () => letters.redrive(keyOrAll)),
      purge: (options) => onReady('purge dead letters', () => letters.purge(options)),
    },
    async close() {
      await queue.close()
      client.disconnect()
    },
  }
}
