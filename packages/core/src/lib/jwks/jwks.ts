import { type Clock, systemClock } from '../shared/clock.ts'
import { WebhookConfigError } from '../shared/errors.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { checkNames, wholeNumber } from '../shared/options.ts'
import { fetchJwks } from './jwks-fetch.ts'
import { importKeys, type JsonWebKeySet, type KeySet, selectKeys } from './key-set.ts'

const MINUTE_MS = 60_000
const SHORTEST_TTL_MS = 5 * MINUTE_MS
const DEFAULT_TTL_MS = 10 * MINUTE_MS
const LONGEST_TTL_MS = 24 * 60 * MINUTE_MS
const STALE_IF_ERROR_MS = 6 * 60 * MINUTE_MS
// From here on traffic renews the keys in the background, so that nobody waits when they do expire.
const RENEW_AT = 0.8

/** What a fetched key set needs to serve again elsewhere, for instance in the next serverless invocation. */
export interface JwksSnapshot {
  document: JsonWebKeySet
  /** When it was fetched, in epoch milliseconds. */
  fetchedAt: number
  /** How long it counts as fresh from then on, in milliseconds. */
  ttlMs: number
}

/** How a key set is fetched and kept. */
export interface JwksOptions {
  /** Default: the global `fetch`. */
  fetch?: typeof fetch
  /** Default: the machine's clock. */
  clock?: Clock
  /** Deadline of one fetch, its body included, in milliseconds. Default 2 000. */
  timeoutMs?: number
  /** Shortest time between two fetches, whether they worked or not, in milliseconds. Default 30 000. */
  cooldownMs?: number
  /** Keys fetched earlier, to start warm with. */
  seed?: JwksSnapshot
  /** Told of every fetch. */
  onFetch?: (result: 'ok' | 'failed') => void
}

/** A cached key set that reloads itself. */
export interface Jwks {
  /** Whether the keys are younger than the server said they may become. */
  readonly fresh: boolean
  /** Whether the last fetch is too recent for another one. */
  readonly coolingDown: boolean
  /** Whether a fetch is under way. */
  readonly reloading: boolean
  /**
   * The keys to verify with: at once while they are fresh, after a fetch when they are not; for up to six
   * hours stale ones where the fetch fails. `undefined` when there is nothing usable.
   */
  keys(): MaybePromise<KeySet | undefined>
  /** The keys as they are, without fetching; `undefined` when there is nothing usable. */
  current(): KeySet | undefined
  /** Fetches again unless cooling down, for a signature no key matches; resolves to whether there are new keys. */
  reload(): Promise<boolean>
  /** What was last fetched, to seed another cache with; `undefined` before the first success. */
  snapshot(): JwksSnapshot | undefined
}

interface Loaded {
  keys: KeySet
  snapshot: JwksSnapshot
}

/**
 * Keeps the key set at a URL: one fetch at a time, none before the cooldown is over, the last good keys kept.
 *
 * @param url `https:`, or `http:` on a loopback host
 * @throws WebhookConfigError `option_invalid`
 */
export function createJwks(url: string | URL, options: JwksOptions = {}): Jwks {
  checkNames(options, ['fetch', 'clock', 'timeoutMs', 'cooldownMs', 'seed', 'onFetch'], 'createJwks()')
  const target = toKeySetUrl(url)
  const clock = options.clock ?? systemClock
  const fetch = options.fetch ?? globalThis.fetch
  const timeoutMs = wholeNumber('timeoutMs', options.timeoutMs, 2_000)
  const cooldownMs = wholeNumber('cooldownMs', options.cooldownMs, 30_000)
  const seeded = options.seed ? toLoaded(options.seed) : undefined

  let loaded: Loaded | undefined
  let attemptedAt = Number.NEGATIVE_INFINITY
  let loading: Promise<boolean> | undefined

  // A clock set back makes no age: what was fetched in the future counts as old.
  const ageMs = (snapshot: JwksSnapshot) => {
    const age = clock.now() - snapshot.fetchedAt
    return age >= 0 ? age : snapshot.ttlMs
  }
  const isYoung = (share: number) =>
    loaded !== undefined && ageMs(loaded.snapshot) < loaded.snapshot.ttlMs * share
  const isUsable = () =>
    loaded !== undefined && ageMs(loaded.snapshot) < loaded.snapshot.ttlMs + STALE_IF_ERROR_MS
  const isCoolingDown = () => Math.abs(clock.now() - attemptedAt) < cooldownMs

  const load = async (): Promise<boolean> => {
    const startedAt = clock.now()
    // Set before the outcome is known: a server that fails must not be asked on every delivery.
    attemptedAt = startedAt
    const fetched = await fetchJwks(target, { fetch, clock, timeoutMs })
    const next =
      fetched &&
      (await toLoaded({
        document: fetched.document as JsonWebKeySet,
        fetchedAt: startedAt,
        ttlMs: toTtlMs(fetched.maxAgeMs),
      }))
    if (next) loaded = next
    options.onFetch?.(next ? 'ok' : 'failed')
    return next !== undefined
  }
  const reload = (): Promise<boolean> => {
    if (!loading && isCoolingDown()) return Promise.resolve(false)
    // Nobody awaits a renewal in the background: if it rejected, it would end the process.
    loading ??= load()
      .catch(() => false)
      .finally(() => {
        loading = undefined
      })
    return loading
  }
  const current = () => (isUsable() ? loaded!.keys : undefined)

  const keys = (): MaybePromise<KeySet | undefined> => {
    if (isYoung(RENEW_AT)) return loaded!.keys
    const renewing = reload()
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
      return isCoolingDown()
    },
    get reloading() {
      return loading !== undefined
    },
    keys: () => mapMaybe(ready, keys),
    current,
    reload,
    snapshot: () => loaded?.snapshot,
  }
}

/**
 * A key set that never changes: handed over by the caller, fetched from nowhere.
 *
 * @throws WebhookConfigError `option_invalid` when it holds no usable key
 */
export function createFixedJwks(document: JsonWebKeySet): Jwks {
  const selected = selectKeys(document)
  if (!selected) throw new WebhookConfigError('option_invalid', 'jwks holds no usable public key')
  let imported: KeySet | undefined
  const ready = mapMaybe(importKeys(selected), (keySet) => {
    imported = keySet
    return keySet
  })
  return {
    fresh: true,
    coolingDown: false,
    reloading: false,
    keys: () => ready,
    current: () => imported,
    reload: async () => false,
    snapshot: () => undefined,
  }
}

function toKeySetUrl(value: string | URL): URL {
  const text = String(value)
  const url = URL.canParse(text) ? new URL(text) : undefined
  const loopback = url && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && loopback)) {
    throw new WebhookConfigError(
      'option_invalid',
      'jwks is not an https: URL (http: is for loopback hosts only)',
    )
  }
  return url
}

function toTtlMs(maxAgeMs: number | undefined): number {
  return Math.min(LONGEST_TTL_MS, Math.max(SHORTEST_TTL_MS, maxAgeMs ?? DEFAULT_TTL_MS))
}

function toLoaded(snapshot: JwksSnapshot): MaybePromise<Loaded | undefined> {
  const selected = selectKeys(snapshot.document)
  // An answer without one usable key is no better than no answer: the last good keys stay.
  return selected && mapMaybe(importKeys(selected), (keys) => ({ keys, snapshot }))
}
