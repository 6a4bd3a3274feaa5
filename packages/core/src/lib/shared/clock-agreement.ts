const DAY_MS = 24 * 3_600_000

/**
 * How much later than the clock allows a time may still be right, in milliseconds: two processes can read their clocks
 * at different moments and write in the opposite order.
 */
export const CLOCK_SLACK_MS = 60_000

/** The last readings of a wall clock, in epoch milliseconds. */
export interface SeenClock {
  /** The latest time that agreed with earlier readings. */
  at: number
  /** A later time that did not: the clock jumped ahead, or nothing ran for more than a day. */
  jumpedTo?: number
}

/**
 * Compares the wall clock with earlier readings, so that a clock set far ahead by mistake purges nothing.
 *
 * A time more than a day after the last one agrees only after the clock has advanced another day from there.
 *
 * @param seen The earlier readings; `undefined` at first
 */
export function seeClock(seen: SeenClock | undefined, now: number): { seen: SeenClock; agrees: boolean } {
  if (!seen) return { seen: { at: now }, agrees: true }
  // An earlier time is safe because it purges less. It does not replace the last one, or the right time would look like
  // a jump next.
  if (now - seen.at <= DAY_MS) return { seen: { at: Math.max(seen.at, now) }, agrees: true }
  const { jumpedTo = now } = seen
  if (now >= jumpedTo + DAY_MS) return { seen: { at: now }, agrees: true }
  return { seen: { at: seen.at, jumpedTo: Math.min(jumpedTo, now) }, agrees: false }
}
