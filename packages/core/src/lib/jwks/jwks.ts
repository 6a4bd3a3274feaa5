import { type Clock, systemClock } from '../shared/clock.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { checkNames, checkTrue, wholeNumber } from '../shared/options.ts'
import { safeListener } from '../shared/safe-listener.ts'
import { createSharedLoad } from '../shared/shared-load.ts'
import { acceptsEmulator, checkKeySource } from './emulator.ts'
import { importKeys, selectSafeKeys } from './import-keys.ts'
import { type FetchedJwks, fetchJwks } from './jwks-fetch.ts'
import { parseJwksUrl, toPublicUrl } from './jwks-url.ts'
import type { JsonWebKeySet, KeySet } from './key-set.ts'

const MINUTE_MS = 60_000
const SHORTEST_TTL_MS = 5 * MINUTE_MS
const DEFAULT_TTL_MS = 10 * MINUTE_MS
const LONGEST_TTL_MS = 24 * 60 * MINUTE_MS
const STALE_IF_ERROR_MS = 6 * 60 * MINUTE_MS
// After this share of their lifetime, keys are renewed in the background, so that no delivery waits when they expire.
const RENEW_AT = 0.8

/** A fetched key set in a serialisable form, to seed another cache. */
export interface JwksSnapshot {
  /** The key set as fetched. */
  document: JsonWebKeySet
  /** When the fetch started, in epoch milliseconds. */
  fetchedAt: number
  /** How long the keys stay fresh, in milliseconds from `fetchedAt`. */
  ttlMs: number
}

/** Options of `createJwks`. */
export interface JwksOptions {
  /** Fetches the key set. Default: the global `fetch`. */
  fetch?: typeof fetch
  /** The clock. Default: the system clock. */
  clock?: Clock
  /** Deadline of a fetch, body included, in milliseconds. Default 2,000. */
  timeoutMs?: number
  /** Shortest time between the starts of two fetches, successful or not, in milliseconds. Default 30,000. */
  cooldownMs?: number
  /** The initial keys: the `snapshot()` of another cache. Default: none. */
  seed?: JwksSnapshot
  /** Accept the emulator's keys, and a loopback URL, although `NODE_ENV` is `production`. Default: no. */
  allowEmulator?: true
  /** Called after every fetch. What it throws is ignored. */
  onFetch?: (result: 'ok' | 'failed') => void
}

/** A cached key set that reloads itself. */
export interface Jwks {
  /** Whether the keys are younger than the `max-age` of the server. */
  readonly fresh: boolean
  /** Whether the last fetch started less than `cooldownMs` ago. */
  readonly coolingDown: boolean
  /** Whether a fetch is in progress. */
  readonly reloading: boolean
  /** Why the last fetch failed, including the URL; `undefined` if it succeeded or none has ended. */
  readonly problem: string | undefined
  /**
   * Returns the keys: at once if they are fresh, otherwise after a fetch. If the fetch fails, stale keys are used for up
   * to six hours. `undefined` if there are no usable keys.
   */
  keys(): MaybePromise<KeySet | undefined>
  /** Returns the cached keys without fetching; `undefined` if there are no usable keys. */
  current(): KeySet | undefined
  /** Fetches again unless cooling down, for a signature that no key matches. Resolves to whether keys were fetched. */
  reload(): Promise<boolean>
  /** Returns the last fetched keys, to seed another cache; `undefined` before the first successful fetch. */
  snapshot(): JwksSnapshot | undefined
}

interface Loaded {
  keys: KeySet
  snapshot: JwksSnapshot
}

const NAMES = ['fetch', 'clock', 'timeoutMs', 'cooldownMs', 'seed', 'allowEmulator', 'onFetch']

/**
 * Creates a cache for the key set at a URL. It runs one fetch at a time, at most one per cooldown, and keeps the last
 * good keys if a fetch fails.
 *
 * No caller waits longer than twice `timeoutMs`, even if a serverless runtime freezes the fetch together with the
 * request that started it.
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

  // Keys fetched in the future, after the clock was set back, count as expired.
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
    const failure = 'failure' in fetched ? fetched.failure : 'the response has no usable public key'
    problem = next
      ? undefined
      : `the public keys could not be fetched from ${toPublicUrl(target)}: ${failure}`
    onFetch(next ? 'ok' : 'failed')
    return next
  }
  const accept = (next: Loaded) => {
    loaded = next
  }
  const shared = createSharedLoad({
    load,
    accept,
    isCold: () => !isUsable(),
    clock,
    timeoutMs,
    cooldownMs: () => cooldownMs,
  })

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
  const selected = selectSafeKeys(snapshot.document, emulator)
  // A response without a usable key counts as failed, so the last good keys stay in use.
  return selected && mapMaybe(importKeys(selected), (keys) => ({ keys, snapshot }))
}
