import type { Clock } from './clock.ts'

/** How a shared load runs. */
export interface SharedLoadOptions<T> {
  /** Loads the value; resolves to `undefined`, or rejects, when there is none. */
  load: () => Promise<T | undefined>
  /** Takes each loaded value, unless a newer one has been taken before. */
  accept: (value: T) => void
  /** Whether there is nothing usable until a load succeeds. */
  isCold: () => boolean
  clock: Clock
  /** How long one load may take, in milliseconds. */
  timeoutMs: number
  /** Shortest time between the starts of two loads, whether they work or not, in milliseconds. */
  cooldownMs: number
}

/** One load at a time, shared by everyone who needs its value. */
export interface SharedLoad {
  /** Whether a load is in progress and within its time. */
  readonly loading: boolean
  /** Whether the last load started too recently for another one. */
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

// A load ends itself at its deadline; only one that was abandoned is still pending after that. The margin keeps
// two timers for the same moment from racing.
const MARGIN_MS = 250

/**
 * Shares loads among concurrent callers, on runtimes that freeze a request's I/O when the request ends.
 *
 * On Workers a load that an ended request started never settles, not even by its own timer, so every caller
 * waits on a timer of its own. A load past its deadline counts as abandoned and is replaced: at once if nothing
 * is usable, after the cooldown otherwise.
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

  // Absolute, so that a clock that is set back delays nothing for longer than the limit itself.
  const isWithin = (since: number, limitMs: number) => Math.abs(clock.now() - since) < limitMs
  const isLoading = () => current !== undefined && isWithin(current.startedAt, patienceMs)
  const isCoolingDown = () => isWithin(attemptedAt, cooldownMs)

  const run = async (sequence: number): Promise<boolean> => {
    const value = await load()
    if (value === undefined) return false
    // A slow load must not overwrite what a later one brought.
    if (sequence > accepted) {
      accepted = sequence
      accept(value)
    }
    return true
  }
  const start = (): Load => {
    // Set before the outcome is known: a source that fails must not be asked for every delivery.
    attemptedAt = clock.now()
    // Nobody may be waiting: a rejection would end the process.
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
  /** The outcome of a load, or `undefined` once it counts as abandoned. */
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
