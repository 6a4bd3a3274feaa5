/** When a failed delivery is tried again, and when it is given up. */
export interface RetryPlan {
  /** Planned attempt times, in milliseconds after the event; one attempt per entry. */
  readonly scheduleMs: readonly number[]
  /** Share by which a gap between two attempts may shrink or grow: 0.2 is ±20 %. */
  readonly jitter: number
  /** No attempt starts later than this many milliseconds after the event. */
  readonly giveUpAfterMs: number
  readonly random: () => number
}

/** How far a delivery has come; times in epoch milliseconds. */
export interface Progress {
  readonly createdAt: number
  readonly attempts: number
  readonly finishedAt: number
  /** How long the receiver asked to be left alone, from {@link parseRetryAfter}. */
  readonly retryAfterMs?: number | undefined
}

/**
 * When the next attempt starts, in epoch milliseconds, or `undefined` when the delivery is exhausted.
 *
 * A receiver's `Retry-After` can stretch a gap to at most twice its planned length, and never shorten it.
 */
export function nextAttemptAt(plan: RetryPlan, progress: Progress): number | undefined {
  const offset = plan.scheduleMs[progress.attempts]
  const deadline = progress.createdAt + plan.giveUpAfterMs
  if (offset === undefined || offset > plan.giveUpAfterMs || progress.finishedAt >= deadline) return undefined
  const planned = withJitter(plan, offset - plan.scheduleMs[progress.attempts - 1]!)
  const wait = Math.min(Math.max(progress.retryAfterMs ?? planned, planned), 2 * planned)
  return Math.min(progress.finishedAt + wait, deadline)
}

function withJitter(plan: RetryPlan, gapMs: number): number {
  return Math.round(gapMs * (1 + plan.jitter * (2 * plan.random() - 1)))
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * Reads a `Retry-After` header as milliseconds from `now`, or `undefined` when it is neither whole seconds nor
 * an HTTP date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; the obsolete date forms are ignored).
 */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  if (/^\d+$/.test(header)) return Number(header) * 1000
  return HTTP_DATE.test(header) ? Math.max(Date.parse(header) - now, 0) : undefined
}
