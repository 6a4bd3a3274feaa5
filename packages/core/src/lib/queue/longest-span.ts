import { CLOCK_SLACK_MS } from '../shared/clock-agreement.ts'

/** The longest duration of one kind so far: of leases, for instance, or of waits for a retry. */
export interface LongestSpan {
  /** Records a duration, in milliseconds. */
  note(ms: number): void
  /** The latest time at which a duration that starts at `now` can end, in epoch milliseconds. */
  horizon(now: number): number
}

/**
 * The longest lease and the longest wait for a retry so far.
 *
 * A lease or due time further in the future was written before the clock was set back.
 */
export interface Spans {
  lease: LongestSpan
  wait: LongestSpan
}

/** Creates empty spans. */
export function createSpans(): Spans {
  return { lease: createSpan(), wait: createSpan() }
}

function createSpan(): LongestSpan {
  let longest = 0
  return {
    note(ms) {
      // Unlike `Math.max`, this ignores NaN.
      if (ms > longest) longest = ms
    },
    horizon: (now) => now + longest + CLOCK_SLACK_MS,
  }
}
