/** The longest span of time of one kind that was ever asked for. */
export interface LongestSpan {
  /** Notes a span, in milliseconds. */
  note(ms: number): void
  /** The latest time that a span begun at `now` can end, in epoch milliseconds. */
  horizon(now: number): number
}

// Two processes can read their clocks at different moments and write in the other order.
const SLACK_MS = 60_000

/**
 * The longest lease and the longest wait for a retry so far.
 *
 * A lease or a due time that lies further ahead than that was written by a clock that has been set back since.
 */
export interface Spans {
  lease: LongestSpan
  wait: LongestSpan
}

/** Starts without any span. */
export function createSpans(): Spans {
  return { lease: createSpan(), wait: createSpan() }
}

function createSpan(): LongestSpan {
  let longest = 0
  return {
    note(ms) {
      // Written so that NaN changes nothing.
      if (ms > longest) longest = ms
    },
    horizon: (now) => now + longest + SLACK_MS,
  }
}
