/** What a serverless runtime offers for work after the answer. */
export interface ExecutionContext {
  /** Keeps the invocation alive until the promise settles. */
  waitUntil?(promise: Promise<unknown>): void
  /** Runs the task after the answer is sent, and keeps the invocation alive for it; preferred to `waitUntil`. */
  after?(task: () => Promise<unknown>): void
  /** How long deliveries are handled after the answer, in milliseconds. Default 25 000. */
  maxDrainMs?: number
}

/** How long an invocation handles queued deliveries, after an answer or for a cron, in milliseconds. */
export const DRAIN_MS = 25_000

/**
 * Drains after the answer, if one of the contexts offers time for it.
 *
 * Best effort: the delivery is durable, and the next drain finds whatever is interrupted here.
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
    // The answer stands, even if the runtime accepts no more work.
  }
}

function offersTime(context: unknown): context is ExecutionContext {
  const { waitUntil, after } = (context ?? {}) as ExecutionContext
  return typeof waitUntil === 'function' || typeof after === 'function'
}
