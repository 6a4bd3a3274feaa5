import type { Timer, TimerClock } from './clock.ts'

/** At most one timer per id. */
export interface TimerSet {
  /** Runs `work` once the clock shows `at`; replaces the timer that the id has. */
  set(id: string, at: number, work: Timer['work']): void
  /** Cancels the timer of an id, if it has one. */
  cancel(id: string): void
  cancelAll(): void
}

/** Creates an empty set of timers on a clock. */
export function createTimerSet(clock: TimerClock): TimerSet {
  const timers = new Map<string, Timer>()
  function cancel(id: string): void {
    const timer = timers.get(id)
    if (timer !== undefined) clock.cancel(timer)
    timers.delete(id)
  }
  return {
    set(id, at, work) {
      cancel(id)
      timers.set(id, clock.schedule(at, work))
    },
    cancel,
    cancelAll() {
      for (const id of [...timers.keys()]) cancel(id)
    },
  }
}
