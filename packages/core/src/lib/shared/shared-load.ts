import type { Clock } from './clock.ts'

/** Options of `createSharedLoad`. */
export interface SharedLoadOptions<T> {
  /** Loads the value. Resolves to `undefined` or rejects if that fails. */
  load: () => Promise<T | undefined>
  /** Called with each loaded value, unless a later load has finished first. */
  accept: (value: T) => void
  /** Whether there is no usable value. */
  isCold: () => boolean
  clock: Clock
  /** How long one load may take, in milliseconds. */
  timeoutMs: number
  /** Returns the shortest time between the starts of two loads, successful or not, in milliseconds. */
  cooldownMs: () => number
}

/** A load shared by concurrent callers. */
export interface SharedLoad {
  /** Whether a load is in progress and within its time. */
  readonly loading: boolean
  /** Whether the last load started less than `cooldownMs()` ago. */
  readonly coolingDown: boolean
  /**
   * Joins the load in progress, or starts one unless cooling down. Resolves to whether a value was loaded.
   * Never rejects, and takes at most twice `timeoutMs`.
   */
  reload(): Promise<boolean>
}

interface Load {
  startedAt: number
  outcome: Promise<boolean>
}

// A load ends at its own deadline, so one that is still pending after this margin is abandoned.
const MARGIN_MS = 250

/**
 * Shares loads among concurrent callers, on runtimes that freeze a request's I/O when the request ends.
 *
 * On Cloudflare Workers a load never settles once the request that started it has ended, and neither do its timers, so
 * every caller waits on a timer of its own. A load past its deadline counts as abandoned and is replaced: at once if
 * there is no usable value, otherwise after the cooldown.
 *
 * @see https://github.com/panva/jose/issues/355
 * @see https://github.com/panva/jose/issues/509
 */
export function createSharedLoad<T>(options: SharedLoadOptions<T>): SharedLoad {
  const { load, accept, isCold, clock, timeoutMs, cooldownMs } = options
  const patienceMs = timeoutMs + MARGIN_MS
  let current: Load | undefined
  let attemptedAt = Number.NEGATIVE_INFINITY
  let started = 0
  let accepted = 0

  // `Math.abs`, so that a clock that is set back delays nothing for longer than the limit.
  const isWithin = (since: number, limitMs: number) => Math.abs(clock.now() - since) < limitMs
  const isLoading = () => current !== undefined && isWithin(current.startedAt, patienceMs)
  const isCoolingDown = () => isWithin(attemptedAt, cooldownMs())

  const run = async (sequence: number): Promise<boolean> => {
    const value = await load()
    if (value === undefined) return false
    // A slow load must not overwrite the value of a later one.
    if (sequence > accepted) {
      accepted = sequence
      accept(value)
    }
    return true
  }
  const start = (): Load => {
    // Set before the outcome is known, so that a failing source is not called for every delivery.
    attemptedAt = clock.now()
    // An unhandled rejection would end the process.
    const outcome = run(++started).catch(() => false)
    const mine: Load = { startedAt: attemptedAt, outcome }
    current = mine
    outcome.then(() => {
      if (current === mine) current = undefined
    })
    return mine
  }
  const joinOrStart = (): Load | undefined => {
    if (isLoading()) return current
    const abandoned = current !== undefined
    return isCoolingDown() && !(abandoned && isCold()) ? undefined : start()
  }
  /** The outcome of a load, or `undefined` if it counts as abandoned. */
  const outcomeOf = async ({ startedAt, outcome }: Load): Promise<boolean | undefined> => {
    let cancel = () => {}
    const overdue = new Promise<undefined>((resolve) => {
      const delayMs = Math.max(0, startedAt + patienceMs - clock.now())
      cancel = clock.schedule(() => resolve(undefined), delayMs)
    })
    return await Promise.race([outcome, overdue]).finally(cancel)
  }

  return {
    get loading() {
      return isLoading()
    },
    get coolingDown() {
      return isCoolingDown()
    },
    async reload() {
      for (let attempt = 0; attempt < 2; attempt++) {
        const load = joinOrStart()
        if (!load) return false
        const outcome = await outcomeOf(load)
        if (outcome !== undefined) return outcome
      }
      return false
    },
  }
}
