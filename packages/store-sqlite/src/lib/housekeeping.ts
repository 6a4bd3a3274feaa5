const EVERY_MS = 600_000

/**
 * How many rows one purge deletes: few enough to hold the event loop for milliseconds only. What is left goes
 * with the next claim.
 */
export const PURGE_ROWS = 500

/** Says when to purge: every ten minutes, and at once while a purge leaves work behind. */
export interface Housekeeping {
  isDue(now: number): boolean
  /** To be told after each purge whether it stopped before it was done. */
  ran(now: number, leftWork: boolean): void
}

/** Starts with a purge that is due at once. */
export function createHousekeeping(): Housekeeping {
  let nextAt = Number.NEGATIVE_INFINITY
  return {
    isDue: (now) => now >= nextAt,
    ran(now, leftWork) {
      nextAt = leftWork ? now : now + EVERY_MS
    },
  }
}
