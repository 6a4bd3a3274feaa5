import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import type { JobAuthorization } from '../jobs/authorize.ts'
import type { Jwks } from '../jwks/jwks.ts'
import type { JsonWebKeySet } from '../jwks/key-set.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { RefusedDelivery } from '../observe/unverified.ts'
import type { DeliveryQueue } from '../queue/queue.ts'
import type { JwtOptions } from '../schemes/jwt-scheme.ts'
import type { SecretFormat, SecretSource } from '../schemes/secrets.ts'
import type { Clock } from '../shared/clock.ts'
import { checkFunction, checkNames, invalid, wholeNumber } from '../shared/options.ts'
import type { IdempotencyStore } from '../store/store.ts'

/** How static webhooks are verified. */
export interface StaticOptions {
  /**
   * Signing secrets, newest first; one string may hold several, separated by commas or spaces. A function is
   * called when secrets are first needed, and again when none matches a delivery, at most six times in a minute.
   */
  secrets: SecretSource
  /** How secrets become key bytes. Default `base64`; `raw` only for secrets of Google's launch week. */
  format?: SecretFormat
}

/** How dynamic webhooks are verified, and which jobs are ours. */
export interface DynamicOptions extends JobAuthorization {
  /**
   * Google's public keys: a URL, a key set, or a cache made with `createJwks`. Default `GOOGLE_JWKS_URL`. A key
   * set is copied: changing it later has no effect.
   */
  jwks?: string | URL | JsonWebKeySet | Jwks
  /** Also accept the JSON Web Tokens that Google documents but has not been observed to send. Default: no. */
  jwt?: JwtOptions
  /** Accept the emulator's keys, and a `jwks` URL on a loopback host, although `NODE_ENV` is `production`. */
  allowEmulator?: true
}

/** Options of `createReceiver`. At least one of `static` and `dynamic` is required. */
export interface ReceiverOptions {
  /** Accept static webhooks, registered per project and signed with a shared secret. */
  static?: StaticOptions
  /** Accept dynamic webhooks, configured per job and signed with Google's key. */
  dynamic?: DynamicOptions
  /** Inline mode: handlers run before the answer, once per delivery. Default: in memory, for the last 100,000. */
  store?: IdempotencyStore
  /** Queue mode: deliveries are answered once they are in the queue; handlers run in `work` or `drain`. */
  queue?: DeliveryQueue
  /** Name of this endpoint; scopes idempotency keys and job tokens. Default `default`. */
  endpoint?: string
  /** Largest accepted distance between `webhook-timestamp` and now, in seconds, inclusive. Default 300. */
  toleranceSeconds?: number
  /** Largest accepted body, in bytes, inclusive. Default 1 MiB. */
  maxBodyBytes?: number
  /** Longest time a body may take to arrive, in milliseconds. Default 10,000. */
  bodyTimeoutMs?: number
  /** Longest pause between bytes of a body, in milliseconds. Default 1,000. */
  bodyIdleMs?: number
  /** Slowest accepted average of a body, in bytes per second, after the first second. Default 1024; 0 for no limit. */
  minBodyBytesPerSecond?: number
  /**
   * How many bodies are read at a time. While there are more, those from which nothing arrives for 250 ms end with
   * `overloaded`. Bodies that keep arriving are never ended because of their number. A body of a WHATWG request that is
   * not larger than `minBodyBytesPerSecond` is read in one piece, so it must be complete by then. Default 256.
   */
  maxConcurrentBodies?: number
  /**
   * How many bodies of one address are read at a time, where the runtime shows the address (IPv6: the first 64
   * bits). While there are more, those from which nothing arrives for 250 ms end with `overloaded`.
   * Behind a reverse proxy all senders share its address; see `clientAddress`. Default: half of `maxConcurrentBodies`.
   */
  maxBodiesPerAddress?: number
  /**
   * Returns the address of the sender, for `maxBodiesPerAddress`; `undefined` if unknown. Read a header such as
   * `x-forwarded-for` only if your own proxy sets it on every request, because any client can send one. Default: the
   * peer address of the connection.
   */
  clientAddress?: (delivery: IncomingDelivery) => string | undefined
  /** Most bytes received but not yet verified, over all bodies. One more ends the slowest. Default 64 MiB. */
  maxBytesInFlight?: number
  /**
   * How late the event loop may run before deliveries are refused with `overloaded`, in milliseconds; 500 suits most
   * servers. Default: no limit. Use it only behind a real server: a tight loop that calls `receive` also keeps timers
   * from firing.
   */
  maxLoopLagMs?: number
  /** Inline mode: how long a handler may take, in milliseconds; shorter than `leaseMs`. Default 50,000. */
  handlerTimeoutMs?: number
  /** Inline mode: how long a claim keeps other attempts out, in milliseconds. Default 60,000. */
  leaseMs?: number
  /** Inline mode: how often a delivery is tried before it counts as dead. Default 12. */
  maxAttempts?: number
  /** Inline mode: how long a handled delivery is remembered, in milliseconds. Default 72 h, at least 25 h. */
  retentionMs?: number
  /** Returns the current time, in epoch milliseconds. Default: the time of `clock`. */
  now?: () => number
  /** Timers, and the default of `now`. Default: the system clock. */
  clock?: Clock
  /** Fetches the key set. Default: the global `fetch`. */
  fetch?: typeof fetch
  /**
   * Called for everything the receiver does, for logs and metrics. Default: prints warnings to the console, and
   * failures once a minute; outside production also refusals that a wrong secret or clock may have caused.
   */
  observer?: ReceiverObserver
  /**
   * Called with a sample of the refused deliveries, headers and body included, for `explainFailure`. What it throws
   * is ignored. Default: none.
   */
  onRefused?: (refused: RefusedDelivery) => unknown
  /**
   * For development: explains refused deliveries in signals of type `explained`, which name the tried secrets in short
   * form (`whsec_...` and four characters). Without an observer they are printed. Default `false`.
   */
  explain?: boolean
  /**
   * Most refused deliveries per second passed to `onRefused` and explained. Anyone can send them, and an explanation
   * costs as much as verifying a delivery many times. Default 1.
   */
  refusedPerSecond?: number
}

// Where each inline limit is set in queue mode.
const WORK = 'receiver.work({ … }), receiver.drain({ … }) or serve(receiver, { work: { … } })'
const INLINE_OPTIONS = {
  handlerTimeoutMs: WORK,
  leaseMs: WORK,
  maxAttempts: WORK,
  retentionMs: 'the queue, createSqliteQueue({ … }) for instance',
} as const

/** Refuses inline limits in queue mode, where they have no effect. */
function checkInlineOptions(options: ReceiverOptions): void {
  for (const [name, place] of Object.entries(INLINE_OPTIONS)) {
    if (options[name as keyof typeof INLINE_OPTIONS] === undefined) continue
    throw invalid(`${name} applies to inline mode only and has no effect with a queue; pass it to ${place}`)
  }
}

const HOUR_MS = 3_600_000

// The whole numbers among the options: the default, and the least value unless it is 1.
const NUMBERS = {
  maxBodyBytes: [1024 * 1024],
  bodyTimeoutMs: [10_000],
  bodyIdleMs: [1_000],
  minBodyBytesPerSecond: [1024, 0],
  maxConcurrentBodies: [256],
  maxBytesInFlight: [64 * 1024 * 1024],
  maxLoopLagMs: [Number.POSITIVE_INFINITY],
  handlerTimeoutMs: [50_000],
  leaseMs: [60_000],
  maxAttempts: [12],
  // Google retries for 24 hours with fresh timestamps. With a shorter retention the last retries would count as new.
  retentionMs: [72 * HOUR_MS, 25 * HOUR_MS],
  refusedPerSecond: [1],
} as const satisfies Partial<Record<keyof ReceiverOptions, readonly [fallback: number, least?: number]>>

const NAMES = [
  ...Object.keys(NUMBERS),
  'static',
  'dynamic',
  'store',
  'queue',
  'endpoint',
  'toleranceSeconds',
  'maxBodiesPerAddress',
  'clientAddress',
  'now',
  'clock',
  'fetch',
  'observer',
  'onRefused',
  'explain',
]
const STATIC_NAMES = ['secrets', 'format']
const DYNAMIC_NAMES = ['jobKey', 'authorize', 'allowAnyJob', 'jwks', 'jwt', 'allowEmulator']

/** The numbers among the options, with every default filled in. */
export type ReceiverLimits = Record<keyof typeof NUMBERS | 'maxBodiesPerAddress', number>

/**
 * Checks the options of a receiver, except those for verification, and fills in defaults.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkReceiverOptions(options: ReceiverOptions): ReceiverLimits {
  checkNames(options, NAMES, 'createReceiver()')
  if (options.static !== undefined) checkNames(options.static, STATIC_NAMES, 'static')
  if (options.dynamic !== undefined) checkNames(options.dynamic, DYNAMIC_NAMES, 'dynamic')
  const { endpoint = 'default', store, queue } = options
  if (!options.static && !options.dynamic) throw invalid('one of static and dynamic is required')
  if (store && queue) throw invalid('store (inline mode) and queue (queue mode) exclude each other')
  if (queue) checkInlineOptions(options)
  if (typeof endpoint !== 'string' || endpoint === '') throw invalid('endpoint must be a non-empty string')
  const limits = toLimits(options)
  checkFunction('clientAddress', options.clientAddress)
  checkFunction('onRefused', options.onRefused)
  if (limits.maxBytesInFlight < limits.maxBodyBytes)
    throw invalid('maxBytesInFlight must not be less than maxBodyBytes')
  if (limits.handlerTimeoutMs >= limits.leaseMs)
    throw invalid('handlerTimeoutMs must be shorter than leaseMs')
  return limits
}

function toLimits(options: ReceiverOptions): ReceiverLimits {
  const numbers = Object.entries(NUMBERS).map(([name, [fallback, least]]) => [
    name,
    wholeNumber(name, options[name as keyof typeof NUMBERS], fallback, least),
  ])
  const limits: Record<keyof typeof NUMBERS, number> = Object.fromEntries(numbers)
  const half = Math.ceil(limits.maxConcurrentBodies / 2)
  return {
    ...limits,
    maxBodiesPerAddress: wholeNumber('maxBodiesPerAddress', options.maxBodiesPerAddress, half),
  }
}
