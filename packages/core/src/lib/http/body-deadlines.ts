import { primitives } from '#crypto'
import { type Clock, monotonicNow } from '../shared/clock.ts'

/** Calls `task` after the delay of these deadlines. Returns a function that cancels it. */
export type AddDeadline = (task: () => void) => () => void

// The first timer is short, and may be left running without a task: most tasks are cancelled before it fires, and
// the end of a process is hardly delayed by it.
const BRIEF_MS = 20
// A timer this late means that this process was busy, so bytes may have arrived that are not read yet.
const LATE_MS = 100
// A timer this late is lost, as when Cloudflare Workers runs code that was bundled for Node.
const LOST_MS = 1_000

const known = new WeakMap<Clock, Map<number, AddDeadline>>()

/** Returns the deadlines that share a clock and a delay, in milliseconds. */
export function deadlinesOf(clock: Clock, delayMs: number): AddDeadline {
  const byDelay = known.get(clock) ?? new Map<number, AddDeadline>()
  known.set(clock, byDelay)
  const deadlines = byDelay.get(delayMs) ?? createDeadlines(clock, delayMs)
  byDelay.set(delayMs, deadlines)
  return deadlines
}

/**
 * Creates deadlines that share a timer, because setting one for each body takes some runtimes longer than reading it.
 * Where the runtime does not allow that, each task has its own.
 *
 * @param delayMs The delay of every task, in milliseconds. A busy process gets a little longer
 */
export function createDeadlines(clock: Clock, delayMs: number): AddDeadline {
  return primitives.sharesTimers ? shareTimer(clock, delayMs) : (task) => schedule(clock, task, delayMs)
}

function shareTimer(clock: Clock, delayMs: number): AddDeadline {
  // Sorted, because the delay is always the same.
  const waiting = new Set<{ task: () => void; dueAt: number }>()
  let stop: (() => void) | undefined
  let firesAt = 0
  let isBrief = false
  const start = (present: number, waitMs: number) => {
    stop?.()
    firesAt = present + waitMs
    isBrief = waitMs <= BRIEF_MS
    stop = schedule(clock, endDue, waitMs)
  }
  const endDue = () => {
    stop = undefined
    const present = monotonicNow(clock)
    for (const one of waiting) {
      if (one.dueAt > present) return start(present, one.dueAt - present)
      waiting.delete(one)
      one.task()
    }
  }
  return (task) => {
    const present = monotonicNow(clock)
    const one = { task, dueAt: present + delayMs }
    waiting.add(one)
    if (!stop) start(present, Math.min(delayMs, BRIEF_MS))
    // The process may have been busy instead, so this must not take from the time that a late timer gets.
    else if (present - firesAt > LOST_MS) start(present, Math.min(delayMs, LATE_MS))
    return () => {
      waiting.delete(one)
      if (waiting.size > 0 || isBrief) return
      stop?.()
      stop = undefined
    }
  }
}

/** Like `clock.schedule`, but waits a little longer if the timer is late. */
function schedule(clock: Clock, task: () => void, delayMs: number): () => void {
  const dueAt = monotonicNow(clock) + delayMs
  let cancel = clock.schedule(() => {
    if (monotonicNow(clock) - dueAt > LATE_MS) cancel = clock.schedule(task, LATE_MS)
    else task()
  }, delayMs)
  return () => cancel()
}
