/** The time a queue, worker or cache runs on; injected so that tests move it themselves. */
export interface Clock {
  /** The present, in epoch milliseconds. May step when somebody sets the machine's clock. */
  now(): number
  /** Milliseconds since a fixed moment; never steps. Default: `now`. */
  monotonic?(): number
  /** Runs `task` once after `delayMs`; calling the result cancels it. */
  schedule(task: () => void, delayMs: number): () => void
}

// setTimeout fires at once for delays beyond 2^31-1 ms (24.8 days).
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The clock of the machine. Its timers keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(task, delayMs) {
    const timer: unknown = setTimeout(task, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS))
    return () => clearTimeout(timer as number)
  },
}

/** Milliseconds for measuring how long something takes, whatever becomes of the wall clock. */
export function monotonicNow(clock: Clock): number {
  return clock.monotonic ? clock.monotonic() : clock.now()
}
