const DAY_MS = 24 * 3_600_000

/** What was last seen of a wall clock, in epoch milliseconds. */
export interface SeenClock {
  /** The latest time that agreed with those before it. */
  at: number
  /** A later time that did not: when the clock jumped ahead, or when nothing ran for long. */
  jumpedTo?: number
}

/**
 * Compares the wall clock with what was seen of it before, so that a clock set far ahead by mistake purges nothing.
 *
 * A time more than a day later than the last one is doubtful until the clock has gone on from there for a day.
 *
 * @param seen What was seen before; `undefined` at first
 */
export function seeClock(seen: SeenClock | undefined, now: number): { seen: SeenClock; agrees: boolean } {
  if (!seen) return { seen: { at: now }, agrees: true }
  // An earlier time purges less. It does not replace the last one, or the right time would be a jump next.
  if (now - seen.at <= DAY_MS) return { seen: { at: Math.max(seen.at, now) }, agrees: true }
  const { jumpedTo = now } = seen
  if (now >= jumpedTo + DAY_MS) return { seen: { at: now }, agrees: true }
  return { seen: { at: seen.at, jumpedTo: Math.min(jumpedTo, now) }, agrees: false }
}
