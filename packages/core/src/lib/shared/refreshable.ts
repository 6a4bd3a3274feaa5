import { type Clock, monotonicNow } from './clock.ts'
import { type MaybePromise, mapMaybe } from './maybe-promise.ts'
import { createSharedLoad } from './shared-load.ts'

/** A cached value that can be reloaded: keys and secrets that rotate. */
export interface Source<T> {
  /** The cached value; `undefined` if there is none. */
  current(): T | undefined
  /** The value, loaded if necessary; `undefined` if loading fails. */
  get(): MaybePromise<T | undefined>
  /** Loads again, at most once per cooldown, and returns a value other than `known` if there is one. */
  newer(known: T): Promise<T | undefined>
  /** Called when `newer` has returned what was searched for. The next cooldown may be a short one. */
  found?(): void
}

const TIMEOUT_MS = 2_000
const FIRST_COOLDOWN_MS = 1_000
const LONGEST_COOLDOWN_MS = 30_000
// Longer than the longest cooldown, so that a flood of forged deliveries does not shorten it again.
const QUIET_MS = 60_000
// A secret that the function no longer returns must not stay in use for as long as everything matches.
const MAX_AGE_MS = 3_600_000

/**
 * Caches the result of a function. The function is called when the value is first needed, and again for `newer`: after a
 * second, then two, doubling to 30 seconds while nothing is found, because a new secret may be stored a moment after its
 * first delivery. That is six calls in the first minute of a flood of forged deliveries, and two in each one after. If the
 * function fails, the last value stays in use. A value older than an hour is loaded again in the background.
 *
 * @param options.load The function; it may throw or reject
 * @param options.report Called with what it throws
 */
export function createRefreshable<T>(options: {
  load: () => MaybePromise<T>
  clock: Clock
  report: (error: unknown) => void
}): Source<T> {
  const { load, clock, report } = options
  let value: T | undefined
  let loadedAt = 0
  let cooldownMs = FIRST_COOLDOWN_MS
  let calledAt = Number.NEGATIVE_INFINITY
  const slowDown = () => {
    const present = monotonicNow(clock)
    const isQuiet = present - calledAt >= QUIET_MS
    cooldownMs = isQuiet ? FIRST_COOLDOWN_MS : Math.min(cooldownMs * 2, LONGEST_COOLDOWN_MS)
    calledAt = present
  }
  const shared = createSharedLoad<T>({
    async load() {
      slowDown()
      try {
        return await load()
      } catch (error) {
        report(error)
        return undefined
      }
    },
    accept(next) {
      value = next
      loadedAt = monotonicNow(clock)
    },
    isCold: () => value === undefined,
    clock,
    timeoutMs: TIMEOUT_MS,
    cooldownMs: () => cooldownMs,
  })
  return {
    current: () => value,
    get() {
      if (value === undefined) return shared.reload().then(() => value)
      // In the background: a slow vault must not hold up a delivery that the value at hand can verify.
      if (monotonicNow(clock) - loadedAt >= MAX_AGE_MS) shared.reload().catch(() => {})
      return value
    },
    async newer(known) {
      await shared.reload()
      return value === known ? undefined : value
    },
    found() {
      cooldownMs = FIRST_COOLDOWN_MS
    },
  }
}

/**
 * Searches the current value, then a newer one if nothing matches, because keys may have been rotated.
 *
 * @param cachedOnly Search the cached value only; never load
 * @param unavailable Returns the result when there is no value to search
 */
export function searchSource<T, F, U>(
  source: Source<T>,
  search: (value: T) => MaybePromise<F | undefined>,
  cachedOnly: boolean,
  unavailable: () => U,
): MaybePromise<F | U | undefined> {
  return mapMaybe(cachedOnly ? source.current() : source.get(), (value): MaybePromise<F | U | undefined> => {
    if (value === undefined) return unavailable()
    return mapMaybe(search(value), (found) => {
      if (found !== undefined || cachedOnly) return found
      return searchNewer(source, value, search)
    })
  })
}

async function searchNewer<T, F>(
  source: Source<T>,
  known: T,
  search: (value: T) => MaybePromise<F | undefined>,
): Promise<F | undefined> {
  const newer = await source.newer(known)
  const found = newer === undefined ? undefined : await search(newer)
  if (found !== undefined) source.found?.()
  return found
}
