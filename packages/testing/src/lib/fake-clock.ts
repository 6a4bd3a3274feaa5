import { setImmediate } from 'node:timers'
import type { Clock } from '@gwh/core/queue'

// A step of code under test may await a few turns of the event loop (a file, a group commit) between two looks
// at the clock. This many turns without a look mean that it waits for the clock itself.
const QUIET_TURNS = 16
// Code that looks at the clock in every turn must not hang the test.
const MOST_TURNS = 10_000

const DEFAULT_START_MS = Date.UTC(2026, 10, 20, 12)

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /**
   * Moves the time on by `ms`, running each task that falls due at its own time and in order, and letting the
   * promises it set going settle before the next. `advance(0)` only lets promises settle.
   */
  advance(ms: number): Promise<void>
}

interface Task {
  dueAt: number
  run: () => void
}

/**
 * Makes a clock for tests of code that takes a `Clock`.
 *
 * @param startMs The time it shows first, in epoch milliseconds. Default: noon of a day in November 2026
 * @example
 * ```ts
 * const clock = createFakeClock()
 * const queue = createMemoryQueue({ clock })
 * await clock.advance(60_000)
 * ```
 */
export function createFakeClock(startMs: number = DEFAULT_START_MS): FakeClock {
  const tasks = new Set<Task>()
  let now = startMs
  let looks = 0

  async function settle(): Promise<void> {
    let seen = looks
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS && turns < MOST_TURNS; turns++) {
      await turnOfTheLoop()
      quiet = looks === seen ? quiet + 1 : 0
      seen = looks
    }
  }

  return {
    now() {
      looks++
      return now
    },
    schedule(task, delayMs) {
      looks++
      // NaN counts as no delay, as it does for setTimeout.
      const scheduled = { dueAt: now + Math.max(0, delayMs || 0), run: task }
      tasks.add(scheduled)
      return () => {
        tasks.delete(scheduled)
      }
    },
    async advance(ms) {
      const end = now + ms
      await settle()
      for (let task = earliest(tasks, end); task; task = earliest(tasks, end)) {
        tasks.delete(task)
        now = Math.max(now, task.dueAt)
        task.run()
        await settle()
      }
      now = end
      await settle()
    },
  }
}

// A Set keeps the order of insertion, so tasks due at one time run in the order they were scheduled.
function earliest(tasks: Iterable<Task>, end: number): Task | undefined {
  let first: Task | undefined
  for (const task of tasks) {
    if (task.dueAt <= end && (!first || task.dueAt < first.dueAt)) first = task
  }
  return first
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
