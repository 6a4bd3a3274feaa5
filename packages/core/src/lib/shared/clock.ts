/** The clock of a queue, worker or cache. Injected, so that tests control time. */
export interface Clock {
  /** Returns the current time, in epoch milliseconds. May jump when the system clock is set. */
  now(): number
  /** Returns milliseconds since a fixed moment; never jumps. Default: `now`. */
  monotonic?(): number
  /** Runs `task` once after `delayMs`. Returns a function that cancels it. */
  schedule(task: () => void, delayMs: number): () => void
}

// setTimeout fires at once for delays beyond 2^31-1 ms (24.8 days).
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The system clock. Its timers keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(task, delayMs) {
    let timer: unknown
    const set = (leftMs: number) => {
      const next = leftMs > LONGEST_TIMER_MS ? () => set(leftMs - LONGEST_TIMER_MS) : task
      timer = setTimeout(next, Math.min(Math.max(0, leftMs), LONGEST_TIMER_MS))
    }
    set(delayMs)
    return () => clearTimeout(timer as number)
  },
}

/** Returns milliseconds for measuring durations, unaffected by changes of the wall clock. */
export function monotonicNow(clock: Clock): number {
  return clock.monotonic ? clock.monotonic() : clock.now()
}
