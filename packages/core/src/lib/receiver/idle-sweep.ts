import { type Clock, monotonicNow } from '../shared/clock.ts'

/**
 * How long a body may pause while there are too many, in milliseconds: longer than a round trip to Google, so that a
 * delivery in two parts is not ended between them.
 */
export const GRACE_MS = 250

// A timer this late means that this process was busy, so bytes may have arrived that are not read yet.
const LATE_MS = 100
const LOST_MS = 1_000

/**
 * Creates a function that ends idle bodies after the grace period, and repeats that while there are too many.
 *
 * @param endIdle Ends bodies from which nothing has arrived since the given monotonic time. Returns whether there are
 *   still too many
 */
export function createIdleSweep(clock: Clock, endIdle: (since: number) => boolean): () => void {
  let planned: { dueAt: number } | undefined
  const plan = (since: number, delayMs: number, postponed: boolean) => {
    const mine = { dueAt: monotonicNow(clock) + delayMs }
    planned = mine
    clock.schedule(() => {
      if (planned !== mine) return
      planned = undefined
      const late = monotonicNow(clock) - mine.dueAt > LATE_MS
      if (late && !postponed) plan(since, LATE_MS, true)
      else if (endIdle(since)) planNext()
    }, delayMs)
  }
  const planNext = () => plan(monotonicNow(clock), GRACE_MS, false)
  return () => {
    // A timer can be lost: on Cloudflare Workers those of a request end with it.
    if (!planned || monotonicNow(clock) - planned.dueAt > LOST_MS) planNext()
  }
}
