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

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** 0 s, 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 2 h, 4 h, 8 h, 16 h, 24 h: Google publishes only "24 hours". */
export const DEFAULT_SCHEDULE_MS: readonly number[] = [
  0,
  5000,
  30_000,
  ...[2, 10, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 4, 8, 16, 24].map((hours) => hours * HOUR_MS),
]

/** How long a receiver's failures are retried: 24 hours (https://ai.google.dev/gemini-api/docs/webhooks). */
export const DEFAULT_GIVE_UP_AFTER_MS = 24 * HOUR_MS

/**
 * Tells when the next attempt starts, in epoch milliseconds, or `undefined` when the delivery is exhausted.
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
