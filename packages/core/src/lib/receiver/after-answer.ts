/** What a serverless runtime offers for work after the answer. */
export interface ExecutionContext {
  /** Keeps the invocation alive until the promise settles. */
  waitUntil?(promise: Promise<unknown>): void
  /** Runs the task after the answer is sent, and keeps the invocation alive for it; preferred to `waitUntil`. */
  after?(task: () => Promise<unknown>): void
  /** How long to handle deliveries after the answer, in milliseconds. Default 25,000. */
  maxDrainMs?: number
}

/** Default time for handling queued deliveries in one invocation, in milliseconds. */
export const DRAIN_MS = 25_000

/**
 * Drains the queue after the answer, if one of the contexts can keep the invocation alive.
 *
 * Best effort: deliveries are durable, so the next drain picks up what is interrupted here.
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
