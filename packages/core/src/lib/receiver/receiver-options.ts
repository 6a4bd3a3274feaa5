import type { JobAuthorization } from '../jobs/authorize.ts'
import type { Jwks } from '../jwks/jwks.ts'
import type { JsonWebKeySet } from '../jwks/key-set.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { DeliveryQueue } from '../queue/queue.ts'
import type { JwtOptions } from '../schemes/jwt-scheme.ts'
import type { SecretFormat } from '../schemes/secrets.ts'
import type { Clock } from '../shared/clock.ts'
import { checkNames, invalid, wholeNumber } from '../shared/options.ts'
import type { IdempotencyStore } from '../store/store.ts'

/** What a receiver accepts and where it puts it. At least one of `static` and `dynamic` is required. */
export interface ReceiverOptions {
  /** Accept static webhooks, registered per project and signed with a shared secret. */
  static?: {
    /** Signing secrets, newest first; one string may hold several, separated by commas or spaces. */
    secrets: string | readonly string[]
    /** How secrets become key bytes. Default `base64`; `raw` only for secrets of Google's launch week. */
    format?: SecretFormat
  }
  /** Accept dynamic webhooks, configured per job and signed with Google's key. */
  dynamic?: JobAuthorization & {
    /** Default `GOOGLE_JWKS_URL`. */
    jwks?: string | URL | JsonWebKeySet | Jwks
    /** Also accept the JSON Web Tokens Google documents but was never seen to send. Default: no. */
    jwt?: JwtOptions
  }
  /** Inline mode: handlers run before the answer, once per delivery. Default: a store in memory. */
  store?: IdempotencyStore
  /** Queue mode: deliveries are answered once they are in the queue; handlers run in `work` or `drain`. */
  queue?: DeliveryQueue
  /** Name of this endpoint; scopes idempotency keys and job tokens. Default `default`. */
  endpoint?: string
  /** Largest accepted distance between `webhook-timestamp` and now, in seconds, inclusive. Default 300. */
  toleranceSeconds?: number
  /** Largest accepted body, in bytes, inclusive. Default 1 MiB. */
  maxBodyBytes?: number
  /** Longest time a body may take to arrive, in milliseconds. Default 10 000. */
  bodyTimeoutMs?: number
  /** How many bodies are read at a time before the sender is asked to come again. Default 256. */
  maxConcurrentBodies?: number
  /** How many bytes of bodies are read at a time, in bytes. Default 64 MiB. */
  maxBytesInFlight?: number
  /**
   * How late the event loop may run before the sender is asked to come again, in milliseconds; 500 suits most
   * servers. Default: any. Only for receivers behind a real server: code that feeds deliveries in a loop of its
   * own keeps timers from firing, which looks the same.
   */
  maxLoopLagMs?: number
  /** Inline mode: how long a handler may take, in milliseconds; shorter than `leaseMs`. Default 50 000. */
  handlerTimeoutMs?: number
  /** Inline mode: how long a claim keeps other attempts out, in milliseconds. Default 60 000. */
  leaseMs?: number
  /** Inline mode: how often a delivery is tried before it counts as dead. Default 12. */
  maxAttempts?: number
  /** Inline mode: how long a handled delivery is remembered, in milliseconds. Default 72 h, at least 25 h. */
  retentionMs?: number
  /** The present in epoch milliseconds. Default: the clock's. */
  now?: () => number
  /** Timers, and the default of `now`. Default: the machine's clock. */
  clock?: Clock
  /** Fetches the key set. Default: the global `fetch`. */
  fetch?: typeof fetch
  /** Told of everything the receiver does. */
  observer?: ReceiverObserver
}

const NAMES = [
  'static',
  'dynamic',
  'store',
  'queue',
  'endpoint',
  'toleranceSeconds',
  'maxBodyBytes',
  'bodyTimeoutMs',
  'maxConcurrentBodies',
  'maxBytesInFlight',
  'maxLoopLagMs',
  'handlerTimeoutMs',
  'leaseMs',
  'maxAttempts',
  'retentionMs',
  'now',
  'clock',
  'fetch',
  'observer',
]
const STATIC_NAMES = ['secrets', 'format']
const DYNAMIC_NAMES = ['jobKey', 'authorize', 'allowAnyJob', 'jwks', 'jwt']

const HOUR_MS = 3_600_000
// A sender retries for 24 hours with fresh timestamps; forgetting earlier would let the last retries count as new.
const SHORTEST_RETENTION_MS = 25 * HOUR_MS

/** The numbers among the options, with every default filled in. */
export interface ReceiverLimits {
  toleranceSeconds: number
  maxBodyBytes: number
  bodyTimeoutMs: number
  maxConcurrentBodies: number
  maxBytesInFlight: number
  maxLoopLagMs: number
  handlerTimeoutMs: number
  leaseMs: number
  maxAttempts: number
  retentionMs: number
}

/** @throws WebhookConfigError `option_invalid` */
export function checkReceiverOptions(options: ReceiverOptions): ReceiverLimits {
  checkNames(options, NAMES, 'createReceiver()')
  checkNames(options.static ?? {}, STATIC_NAMES, 'static')
  checkNames(options.dynamic ?? {}, DYNAMIC_NAMES, 'dynamic')
  const { endpoint = 'default', store, queue } = options
  if (!options.static && !options.dynamic) throw invalid('one of static and dynamic is required')
  if (store && queue) throw invalid('store (inline mode) and queue (queue mode) exclude each other')
  if (typeof endpoint !== 'string' || endpoint === '')
    throw invalid('endpoint must be a text that is not empty')
  const limits = {
    toleranceSeconds: wholeNumber('toleranceSeconds', options.toleranceSeconds, 300),
    maxBodyBytes: wholeNumber('maxBodyBytes', options.maxBodyBytes, 1024 * 1024),
    bodyTimeoutMs: wholeNumber('bodyTimeoutMs', options.bodyTimeoutMs, 10_000),
    maxConcurrentBodies: wholeNumber('maxConcurrentBodies', options.maxConcurrentBodies, 256),
    maxBytesInFlight: wholeNumber('maxBytesInFlight', options.maxBytesInFlight, 64 * 1024 * 1024),
    maxLoopLagMs:
      options.maxLoopLagMs === undefined
        ? Number.POSITIVE_INFINITY
        : wholeNumber('maxLoopLagMs', options.maxLoopLagMs, 500),
    leaseMs: wholeNumber('leaseMs', options.leaseMs, 60_000),
    handlerTimeoutMs: wholeNumber('handlerTimeoutMs', options.handlerTimeoutMs, 50_000),
    maxAttempts: wholeNumber('maxAttempts', options.maxAttempts, 12),
    retentionMs: wholeNumber('retentionMs', options.retentionMs, 72 * HOUR_MS, SHORTEST_RETENTION_MS),
  }
  if (limits.maxBytesInFlight < limits.maxBodyBytes)
    throw invalid('maxBytesInFlight must not be less than maxBodyBytes')
  if (limits.handlerTimeoutMs >= limits.leaseMs)
    throw invalid('handlerTimeoutMs must be shorter than leaseMs')
  return limits
}
