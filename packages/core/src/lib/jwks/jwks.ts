import { type Clock, systemClock } from '../shared/clock.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { checkNames, checkTrue, wholeNumber } from '../shared/options.ts'
import { safeListener } from '../shared/safe-listener.ts'
import { createSharedLoad } from '../shared/shared-load.ts'
import { acceptsEmulator, checkKeySource } from './emulator.ts'
import { type FetchedJwks, fetchJwks } from './jwks-fetch.ts'
import { parseJwksUrl, toPublicUrl } from './jwks-url.ts'
import { importKeys, type JsonWebKeySet, type KeySet, selectKeys } from './key-set.ts'

const MINUTE_MS = 60_000
const SHORTEST_TTL_MS = 5 * MINUTE_MS
const DEFAULT_TTL_MS = 10 * MINUTE_MS
const LONGEST_TTL_MS = 24 * 60 * MINUTE_MS
const STALE_IF_ERROR_MS = 6 * 60 * MINUTE_MS
// From this share of their time on, deliveries renew the keys in the background, so that none waits when they expire.
const RENEW_AT = 0.8

/** A fetched key set in a form that can be stored, to start another cache with. */
export interface JwksSnapshot {
  /** The key set as fetched. */
  document: JsonWebKeySet
  /** When the fetch started, in epoch milliseconds. */
  fetchedAt: number
  /** How long the keys count as fresh from then on, in milliseconds. */
  ttlMs: number
}

/** How a key set is fetched and cached. */
export interface JwksOptions {
  /** Fetches the key set. Default: the global `fetch`. */
  fetch?: typeof fetch
  /** Time and timers. Default: the machine's clock. */
  clock?: Clock
  /** Deadline of one fetch, body included, in milliseconds. Default 2 000. */
  timeoutMs?: number
  /** Shortest time between the starts of two fetches, whether they work or not, in milliseconds. Default 30 000. */
  cooldownMs?: number
  /** Keys fetched earlier, to start warm with: the `snapshot()` of another cache. */
  seed?: JwksSnapshot
  /** Accept the emulator's keys, and a loopback URL, although `NODE_ENV` is `production`. Default: no. */
  allowEmulator?: true
  /** Called after every fetch. What it throws is ignored. */
  onFetch?: (result: 'ok' | 'failed') => void
}

/** A cached key set that reloads itself. */
export interface Jwks {
  /** Whether the keys are younger than the server said they may become. */
  readonly fresh: boolean
  /** Whether the last fetch is too recent for another one. */
  readonly coolingDown: boolean
  /** Whether a fetch is in progress. */
  readonly reloading: boolean
  /** Why the last fetch brought no keys, in words that name the URL; `undefined` when it did, or none has ended. */
  readonly problem: string | undefined
  /**
   * The keys to verify with: at once while they are fresh, after a fetch when they are not. Where the fetch
   * fails, stale keys serve for up to six hours. `undefined` when there is nothing usable.
   */
  keys(): MaybePromise<KeySet | undefined>
  /** The cached keys, without fetching; `undefined` when there is nothing usable. */
  current(): KeySet | undefined
  /** Fetches again unless cooling down; resolves to whether keys were fetched. For a signature no key matches. */
  reload(): Promise<boolean>
  /** What was last fetched, to seed another cache with; `undefined` before the first success. */
  snapshot(): JwksSnapshot | undefined
}

interface Loaded {
  keys: KeySet
  snapshot: JwksSnapshot
}

const NAMES = ['fetch', 'clock', 'timeoutMs', 'cooldownMs', 'seed', 'allowEmulator', 'onFetch']

/**
 * Caches the key set at a URL: one fetch at a time, none before the cooldown is over, the last good keys kept.
 *
 * No caller waits longer than twice `timeoutMs`, even for a fetch that a serverless runtime has frozen together
 * with the request that started it.
 *
 * @param url `https:`, or `http:` on a loopback host
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * const jwks = createJwks(GOOGLE_JWKS_URL)
 * const receiver = createReceiver({ dynamic: { jwks, jobKey } })
 * ```
 */
export function createJwks(url: string | URL, options: JwksOptions = {}): Jwks {
  checkNames(options, NAMES, 'createJwks()')
  checkTrue('allowEmulator', options.allowEmulator)
  const emulator = acceptsEmulator(options.allowEmulator)
  const target = parseJwksUrl(url)
  checkKeySource(target, emulator)
  const { clock = systemClock, fetch = globalThis.fetch } = options
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs, 2_000)
  const cooldownMs = wholeNumber('cooldownMs', options.cooldownMs, 30_000)
  const onFetch = safeListener(options.onFetch)
  const seeded = options.seed ? toLoaded(options.seed, emulator) : undefined

  let loaded: Loaded | undefined
  let problem: string | undefined

  // Keys from the future, after a clock was set back, count as old.
  const ageMs = ({ fetchedAt, ttlMs }: JwksSnapshot) => {
    const age = clock.now() - fetchedAt
    return age >= 0 ? age : ttlMs
  }
  const isYoung = (share: number) =>
    loaded !== undefined && ageMs(loaded.snapshot) < loaded.snapshot.ttlMs * share
  const isUsable = () =>
    loaded !== undefined && ageMs(loaded.snapshot) < loaded.snapshot.ttlMs + STALE_IF_ERROR_MS
  const current = () => (isUsable() ? loaded!.keys : undefined)

  const load = async (): Promise<Loaded | undefined> => {
    const fetchedAt = clock.now()
    const fetched = await fetchJwks(target, { fetch, clock, timeoutMs })
    const next = 'failure' in fetched ? undefined : await toLoaded(toSnapshot(fetched, fetchedAt), emulator)
    const failure = 'failure' in fetched ? fetched.failure : 'the answer has no usable public key'
    problem = next
      ? undefined
      : `the public keys could not be fetched from ${toPublicUrl(target)}: ${failure}`
    onFetch(next ? 'ok' : 'failed')
    return next
  }
  const accept = (next: Loaded) => {
    loaded = next
  }
  const shared = createSharedLoad({ load, accept, isCold: () => !isUsable(), clock, timeoutMs, cooldownMs })

  const keys = (): MaybePromise<KeySet | undefined> => {
    if (isYoung(RENEW_AT)) return loaded!.keys
    const renewing = shared.reload()
    return isYoung(1) ? loaded!.keys : renewing.then(current)
  }
  const ready = mapMaybe(seeded, (value) => {
    loaded ??= value
  })
  return {
    get fresh() {
      return isYoung(1)
    },
    get coolingDown() {
      return shared.coolingDown
    },
    get reloading() {
      return shared.loading
    },
    get problem() {
      return problem
    },
    keys: () => mapMaybe(ready, keys),
    current,
    reload: () => shared.reload(),
    snapshot: () => loaded?.snapshot,
  }
}

function toSnapshot({ document, maxAgeMs }: FetchedJwks, fetchedAt: number): JwksSnapshot {
  const ttlMs = Math.min(LONGEST_TTL_MS, Math.max(SHORTEST_TTL_MS, maxAgeMs ?? DEFAULT_TTL_MS))
  return { document: document as JsonWebKeySet, fetchedAt, ttlMs }
}

function toLoaded(snapshot: JwksSnapshot, emulator: boolean): MaybePromise<Loaded | undefined> {
  const selected = selectKeys(snapshot.document, emulator)
  // An answer without one usable key is no better than no answer: the last good keys stay.
  return selected && mapMaybe(importKeys(selected), (keys) => ({ keys, snapshot }))
}
