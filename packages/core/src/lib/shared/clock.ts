/** The time a queue, worker or cache runs on; injected so that tests move it themselves. */
export interface Clock {
  /** The present, in epoch milliseconds. */
  now(): number
  /** Runs `task` once after `delayMs`; calling the result cancels it. */
  schedule(task: () => void, delayMs: number): () => void
}

// setTimeout fires at once for delays beyond 2^31-1 ms (24.8 days).
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The clock of the machine. Its timers do not keep a process alive where the runtime lets them not to. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(task, delayMs) {
    const timer: unknown = setTimeout(task, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS))
    return () => clearTimeout(timer as number)
  },
}
