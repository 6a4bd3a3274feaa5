/** What a serverless runtime offers for work after the answer. */
export interface ExecutionContext {
  /** Keeps the invocation alive until the promise settles. */
  waitUntil?(promise: Promise<unknown>): void
  /** Runs the task once the answer is sent, and keeps the invocation alive for it; preferred to `waitUntil`. */
  after?(task: () => Promise<unknown>): void
  /** How long deliveries are handled after the answer, in milliseconds. Default 25 000. */
  maxDrainMs?: number
}

/** How long an invocation is kept alive to handle what it has just queued, or what a cron has found. */
export const DRAIN_MS = 25_000

/**
 * Drains once the answer is there, if one of the contexts offers time for it.
 *
 * A hint only: the delivery is durable, and whatever is killed here is found by the next drain.
 */
export function drainAfterAnswer(
  contexts: readonly unknown[],
  drain: (options: { maxMs: number }) => Promise<unknown>,
): void {
  const context = contexts.find(offersTime)
  if (!context) return
  const task = () => drain({ maxMs: context.maxDrainMs ?? DRAIN_MS }).catch(() => {})
  try {
    if (typeof context.after === 'function') context.after(task)
    else context.waitUntil?.(task())
  } catch {
    // A runtime that takes no more work changes nothing about the answer.
  }
}

function offersTime(context: unknown): context is ExecutionContext {
  const { waitUntil, after } = (context ?? {}) as ExecutionContext
  return typeof waitUntil === 'function' || typeof after === 'function'
}
