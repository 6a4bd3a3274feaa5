import { toCause, WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import { Redis } from 'ioredis'
import type { RedisAddress, RedisSettings } from '../settings/options.ts'

const LONGEST_RETRY_MS = 500
const READY_MS = 500
const COMMAND_MS = 1_000

// ioredis keeps a closed connection, and with it the process, alive for this long.
const DISCONNECT_MS = 100

const reconnect = {
  retryStrategy: (times: number) => Math.min(times * 50, LONGEST_RETRY_MS),
  disconnectTimeout: DISCONNECT_MS,
}

/** For requests that wait for an answer: no command is queued, and each has a deadline. */
const IMPATIENT: RedisSettings = {
  ...reconnect,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_MS,
}

/** For workers, which wait until Redis is back. */
const PATIENT: RedisSettings = { ...reconnect, maxRetriesPerRequest: null }

/** Makes a client that connects in the background, and again whenever the connection breaks. */
export function createClient(address: RedisAddress, patience: 'impatient' | 'patient'): Redis {
  const client = connect(address, patience === 'patient' ? PATIENT : IMPATIENT)
  // Commands reject with their own failures; an `error` event without a listener would end the process.
  client.on('error', () => {})
  return client
}

function connect(address: RedisAddress, overrides: RedisSettings): Redis {
  if (typeof address === 'string') return new Redis(address, overrides)
  if ('duplicate' in address) return address.duplicate(overrides)
  const { url, ...options } = address
  return url ? new Redis(url, { ...options, ...overrides }) : new Redis({ ...options, ...overrides })
}

/**
 * Makes a function that resolves when the client can take commands again, and rejects when that takes too long.
 *
 * All callers share one timer and one listener, so an outage does not accumulate any.
 *
 * @throws WebhookUnavailableError `store_unavailable` after half a second
 */
export function createReadiness(client: Redis, clock: Clock): () => Promise<void> {
  let waiting: Promise<void> | undefined
  return async () => {
    waiting ??= untilReady(client, clock).finally(() => {
      waiting = undefined
    })
    await waiting
  }
}

function untilReady(client: Redis, clock: Clock): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onError = (error: unknown) => {
    cause = toCause(error)
  }
  let cause: unknown
  const cancel = clock.schedule(() => {
    reject(new WebhookUnavailableError('store_unavailable', 'Redis cannot be reached', { cause }))
  }, READY_MS)
  client.once('ready', resolve)
  client.on('error', onError)
  return promise.finally(() => {
    cancel()
    client.off('ready', resolve)
    client.off('error', onError)
  })
}
