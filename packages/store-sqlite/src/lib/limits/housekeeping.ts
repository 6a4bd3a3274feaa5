import { type Clock, monotonicNow } from '@gwh/core/queue'

const EVERY_MS = 600_000

/**
 * How many rows one purge deletes: few enough to block the event loop for milliseconds only. The next claim
 * continues with the rest.
 */
export const PURGE_ROWS = 500

/** Decides when to purge: every ten minutes, and at once while a purge leaves work behind. */
export interface Housekeeping {
  /** Whether to purge now. */
  isDue(): boolean
  /** Call it after each purge, with whether it stopped early. */
  ran(leftWork: boolean): void
}

/** Starts with a purge that is due at once. */
export function createHousekeeping(clock: Clock): Housekeeping {
  let nextAt = Number.NEGATIVE_INFINITY
  return {
    isDue: () => monotonicNow(clock) >= nextAt,
    ran(leftWork) {
      nextAt = monotonicNow(clock) + (leftWork ? 0 : EVERY_MS)
    },
  }
}
