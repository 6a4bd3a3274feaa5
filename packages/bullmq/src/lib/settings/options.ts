import { WebhookConfigError } from '@gwh/core/errors'
import { checkNames, retention, wholeNumber } from '@gwh/core/options'
import type { Clock } from '@gwh/core/queue'
import { systemClock } from '@gwh/core/queue'
import type { Redis, RedisOptions } from 'ioredis'

/** The options of an ioredis client, except for the form of its replies. */
export type RedisSettings = Omit<RedisOptions, 'replyMapping'>

/** Where Redis is. A client is duplicated; it is neither used nor closed. */
export type RedisAddress = string | (RedisSettings & { url?: string }) | Redis

/** Options of a BullMQ queue. */
export interface BullmqQueueOptions {
  /**
   * Where Redis is: a `redis://` or `rediss://` URL, ioredis options, or an ioredis client whose options are copied.
   * The queue sets its own deadlines and reconnection rules.
   */
  connection: RedisAddress
  /** The name of the BullMQ queue, without colons. Default `gwh`. */
  name?: string
  /** The prefix of all keys in Redis. Default `bull`, as in BullMQ. */
  prefix?: string
  /**
   * How long the key of a handled delivery is kept, so that a retry is a duplicate, in milliseconds. Default 72 hours;
   * at least 25, because the sender retries for 24. Its body is erased when it is handled, unless `retainBodies` is
   * given.
   */
  retentionMs?: number
  /**
   * Keeps the bodies of handled deliveries for `forMs` milliseconds, for `queue.replay`. At most `retentionMs`.
   * Default: bodies are not kept.
   */
  retainBodies?: { forMs: number }
  /** How long a dead letter is kept, in milliseconds. Default 30 days, at least 25 hours. */
  deadRetentionMs?: number
  /**
   * Accepts a Redis that may evict acknowledged deliveries when its memory is full. Default `false`: `ready` and
   * `enqueue` reject with `store_volatile` unless `maxmemory-policy` is `noeviction`.
   */
  allowEviction?: boolean
  /**
   * Accepts a Redis that may lose acknowledged deliveries when it ends: for development, or where something else
   * makes it durable. Default `false`: `ready` and `enqueue` reject with `store_volatile` unless `appendonly` is `yes`.
   */
  allowVolatile?: boolean
  /** Returns a number in [0, 1), which spreads the waits before retries. Default `Math.random`. */
  random?: () => number
  /**
   * The clock of leases, timeouts, retries and retentions. Default: the machine's timers, and for retries and
   * retentions the clock of Redis.
   */
  clock?: Clock
}

/** The options with every default filled in. */
export type BullmqSettings = Required<Omit<BullmqQueueOptions, 'retainBodies'>> &
  Pick<BullmqQueueOptions, 'retainBodies'>

const NAMES = [
  'connection',
  'name',
  'prefix',
  'retentionMs',
  'deadRetentionMs',
  'retainBodies',
  'allowEviction',
  'allowVolatile',
  'random',
  'clock',
]

/** @throws WebhookConfigError `option_invalid` */
export function toSettings(options: BullmqQueueOptions): BullmqSettings {
  checkNames(options, NAMES, 'createBullmqQueue()')
  const settings = {
    connection: options.connection,
    name: options.name ?? 'gwh',
    prefix: options.prefix ?? 'bull',
    retentionMs: retention('retentionMs', options.retentionMs, 72),
    ...(options.retainBodies && { retainBodies: options.retainBodies }),
    deadRetentionMs: retention('deadRetentionMs', options.deadRetentionMs, 30 * 24),
    allowEviction: options.allowEviction ?? false,
    allowVolatile: options.allowVolatile ?? false,
    random: options.random ?? Math.random,
    clock: options.clock ?? systemClock,
  }
  checkConnection(settings.connection)
  if (!/^[^:]+$/.test(settings.name)) refuse('name must be a string without colons')
  checkRetainBodies(settings)
  return settings
}

function checkConnection(connection: RedisAddress): void {
  // With an unset environment variable, ioredis would connect to the Redis on this machine.
  if (!connection) refuse('connection is missing')
  const url = typeof connection === 'string' ? connection : 'url' in connection ? connection.url : undefined
  if (url !== undefined && !/^rediss?:\/\//.test(url))
    refuse('connection must be a redis:// or rediss:// URL')
  // Otherwise ioredis throws an error that contains the URL, and so the password.
  if (url !== undefined && !isReadable(url)) refuse('connection is not a valid URL')
  if (typeof connection === 'string') return
  const { keyPrefix } = 'options' in connection ? connection.options : connection
  if (keyPrefix) refuse('BullMQ cannot work with keyPrefix; use the option prefix instead')
}

function isReadable(url: string): boolean {
  try {
    const { username, password } = new URL(url)
    return decodeURIComponent(username + password) !== undefined
  } catch {
    return false
  }
}

function checkRetainBodies({ retainBodies, retentionMs }: BullmqSettings): void {
  if (retainBodies === undefined) return
  checkNames(retainBodies, ['forMs'], 'retainBodies')
  if (wholeNumber('retainBodies.forMs', retainBodies.forMs, Number.NaN) <= retentionMs) return
  refuse('retainBodies.forMs must be given and at most retentionMs')
}

function refuse(message: string): never {
  throw new WebhookConfigError('option_invalid', message)
}
