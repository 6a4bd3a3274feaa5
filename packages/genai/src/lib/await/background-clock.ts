import { type Clock, systemClock } from '@gwh/core/queue'

/** Timers that do not keep a process alive: a script that only starts jobs must end. */
export const backgroundClock: Clock = {
  ...systemClock,
  schedule(task, delayMs) {
    const timer = setTimeout(task, delayMs) as unknown as { unref?(): void }
    timer.unref?.()
    return () => clearTimeout(timer as unknown as number)
  },
}
