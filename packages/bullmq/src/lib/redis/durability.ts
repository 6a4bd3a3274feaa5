import { WebhookConfigError } from '@gwh/core/errors'
import { type Clock, monotonicNow } from '@gwh/core/queue'
import type { Redis } from 'ioredis'

/** What Redis may do to acknowledged deliveries. */
export interface DurabilityOptions {
  /** Whether it may evict them when its memory is full. */
  allowEviction: boolean
  /** Whether it may lose them when it ends, because it has no append-only file. */
  allowVolatile: boolean
}

// The settings may be changed while the connection stays, or a proxy may switch to another Redis.
const CHECK_AGAIN_MS = 60_000

/**
 * Makes a function that rejects while Redis is set up so that it loses acknowledged deliveries.
 *
 * It checks on each new connection, because that may lead to another Redis, and then once a minute; concurrent calls
 * share a check. A Redis that forbids `INFO`, or leaves a field out of it, is accepted.
 * `CONFIG` is not used: managed services forbid it.
 *
 * @throws WebhookConfigError `store_volatile` from the function
 * @see https://redis.io/docs/latest/commands/info/ `maxmemory_policy` and `aof_enabled`
 */
export function createDurabilityCheck(
  client: Redis,
  clock: Clock,
  options: DurabilityOptions,
): () => Promise<void> {
  let connection = 0
  let passed: { connection: number; at: number } | undefined
  let asking: Promise<void> | undefined
  client.on('ready', () => {
    connection++
  })
  const ask = async () => {
    const asked = connection
    await checkSettings(client, options)
    passed = { connection: asked, at: monotonicNow(clock) }
  }
  return async () => {
    if (passed?.connection === connection && monotonicNow(clock) - passed.at < CHECK_AGAIN_MS) return
    asking ??= ask().finally(() => {
      asking = undefined
    })
    await asking
  }
}

async function checkSettings(client: Redis, options: DurabilityOptions): Promise<void> {
  // ioredis sends both in one write.
  const [memory, persistence] = await Promise.all([
    readInfo(client, 'memory'),
    readInfo(client, 'persistence'),
  ])
  const policy = memory.match(/^maxmemory_policy:([\w-]+)/m)?.[1] ?? 'noeviction'
  if (!options.allowEviction && policy !== 'noeviction') throw evictionRefused(policy)
  // Snapshots are not enough: what was acknowledged after the last one is lost.
  if (!options.allowVolatile && /^aof_enabled:0/m.test(persistence)) throw volatileRefused()
}

async function readInfo(client: Redis, section: string): Promise<string> {
  return await client.info(section).catch((error: unknown) => {
    // Forbidden, or unknown to a server that is only compatible with Redis.
    if (error instanceof Error && error.name === 'ReplyError') return ''
    throw error
  })
}

function evictionRefused(policy: string): WebhookConfigError {
  return new WebhookConfigError(
    'store_volatile',
    `Redis may evict deliveries (maxmemory-policy is ${policy}); set it to noeviction, or pass allowEviction: true`,
  )
}

function volatileRefused(): WebhookConfigError {
  return new WebhookConfigError(
    'store_volatile',
    'Redis loses acknowledged deliveries when it ends (appendonly is no); set appendonly yes, or pass allowVolatile: true',
  )
}
