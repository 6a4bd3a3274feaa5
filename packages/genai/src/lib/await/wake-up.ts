import { type Clock, monotonicNow } from '@gwh/core/queue'
import { LONGEST_SLEEP_MS } from './timing.ts'

/** A timer for the next thing to do. */
export interface WakeUp {
  /**
   * Asks when to wake up, and sets the timer.
   *
   * @param inMs If the timer is set for this time from now, in milliseconds, or earlier, it stays. Default: it is set anew
   */
  plan(inMs?: number): void
  /** Stops the timer for good. */
  close(): void
}

const SHORTEST_SLEEP_MS = 50

/**
 * Creates a timer that is not set. Once `plan` was called it wakes up after five minutes at most: other processes may have
 * added something to do, or `next` may have failed.
 *
 * @param options.wake Called when there may be something to do. It plans anew when it has ended
 * @param options.next In how many milliseconds there is something to do; `undefined` if there is nothing
 */
export function createWakeUp(options: {
  clock: Clock
  wake: () => void
  next: () => Promise<number | undefined>
}): WakeUp {
  const { clock, wake, next } = options
  let cancel = () => {}
  let setFor = Number.POSITIVE_INFINITY
  let isClosed = false
  let isAsking = false
  let isStale = false

  const fire = () => {
    setFor = Number.POSITIVE_INFINITY
    wake()
  }
  const set = async () => {
    const wanted = (await next().catch(() => undefined)) ?? LONGEST_SLEEP_MS
    const waitMs = Math.min(Math.max(wanted, SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS)
    cancel()
    if (isClosed) return
    setFor = monotonicNow(clock) + waitMs
    cancel = clock.schedule(fire, waitMs)
  }
  const plan = (inMs = Number.NEGATIVE_INFINITY) => {
    if (isClosed || setFor <= monotonicNow(clock) + inMs) return
    // An answer that is on its way may be from before what is to be done was added.
    isStale = isAsking
    if (isAsking) return
    isAsking = true
    void set().finally(() => {
      isAsking = false
      if (isStale) plan()
    })
  }
  return {
    plan,
    close() {
      isClosed = true
      cancel()
    },
  }
}
