import { EmulatorError } from './errors.ts'
import { MAX_TIMER_MS } from './limits.ts'
import { TimerHeap } from './timer-heap.ts'
import type { EmulatorClock } from './types.ts'

/** A piece of work waiting for its time. */
export interface Timer {
  /** When it is due, in epoch milliseconds of the emulator's clock. Moves on when the work fails. */
  at: number
  /** How often the work failed. */
  failures: number
  readonly work: () => void | Promise<void>
}

/** What follows a clock; each is called with what just happened. */
export interface ClockListeners {
  /** The clock no longer follows from the last position. */
  readonly moved?: (position: ClockPosition) => void
  /** Work failed, or a listener did; `triesAgainAt` is on the emulator's clock. */
  readonly failed?: (error: unknown, triesAgainAt: number) => void
}

/** The source of real time, and how fast the emulator's clock runs against it. */
export interface TimeSource {
  /** Real time in epoch milliseconds. */
  readonly now: () => number
  /** Emulated milliseconds per real millisecond. */
  readonly timeScale: number
}

/** What a clock showed at a moment of real time: enough to go on from in another process. */
export interface ClockPosition {
  /** Real time, in epoch milliseconds. */
  readonly real: number
  /** What the clock showed then. */
  readonly shown: number
  readonly paused: boolean
}

/** The last time that the API's dates can write: the end of the year 9999. The clock stops there. */
export const LAST_TIME_MS = Date.UTC(10_000, 0) - 1

const FIRST_NEW_TRY_MS = 1000
const LAST_NEW_TRY_MS = 10 * 60 * 1000

/** The emulator's clock and its timers. Follows its source until it is paused or advanced. */
export class TimerClock implements EmulatorClock {
  readonly #source: TimeSource
  readonly #timers = new TimerHeap<Timer>()
  readonly #running = new Set<Promise<void>>()
  readonly #listeners: ClockListeners
  #anchor: { real: number; shown: number }
  /** The latest time that was read since the anchor. */
  #latest: number
  #paused = false
  #advancing = false
  #stopped = false
  /** Aborted, with the reason, when the advances under way are to end. */
  #advanceable = new AbortController()
  #wake: ReturnType<typeof setTimeout> | undefined
  #advances: Promise<void> = Promise.resolve()

  /** Goes on from `position`, if any. */
  constructor(source: TimeSource, position?: ClockPosition, listeners: ClockListeners = {}) {
    this.#source = source
    this.#listeners = listeners
    const real = source.now()
    // Real time may have been set back since: the clock must not.
    this.#anchor = position
      ? { real: Math.min(position.real, real), shown: position.shown }
      : { real, shown: real }
    this.#latest = this.#anchor.shown
    this.#paused = position?.paused ?? false
  }

  now(): number {
    const { real, shown } = this.#anchor
    if (this.#paused || this.#advancing) return shown
    const passed = this.#source.now() - real
    const now = Math.min(Math.floor(shown + passed * this.#source.timeScale), LAST_TIME_MS)
    // Real time was set back: ours goes on from where it is, or what is planned would wait for all of that again.
    if (now < this.#latest) this.#anchor = { real: this.#source.now(), shown: this.#latest }
    else this.#latest = now
    return this.#latest
  }

  /**
   * Runs `work` once the clock shows `at`; at once when that is already past, even while paused. Work that fails is
   * reported and runs again: after a second, then after twice as long each time, up to ten minutes.
   */
  schedule(at: number, work: Timer['work']): Timer {
    const timer = { at, failures: 0, work }
    this.#add(timer)
    return timer
  }

  /** Runs `work` now and, when it fails, again as {@link schedule} does. */
  runNow(work: Timer['work']): Promise<void> {
    return this.#start({ at: this.now(), failures: 0, work })
  }

  cancel(timer: Timer): void {
    const isFirst = this.#timers.first() === timer
    this.#timers.delete(timer)
    if (isFirst) this.#arm()
  }

  async advance(ms: number): Promise<void> {
    const { signal } = this.#advanceable
    signal.throwIfAborted()
    if (!(Number.isFinite(ms) && ms >= 0)) throw new TypeError('advance: ms must be a number of at least 0')
    if (this.now() + ms > LAST_TIME_MS) throw new TypeError('advance: the clock ends with the year 9999')
    // One after the other, so that two callers move time by the sum and never run a timer twice.
    this.#advances = this.#advances.catch(() => {}).then(() => this.#advance(ms, signal))
    return this.#advances
  }

  isPaused(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#setPaused(true)
  }

  resume(): void {
    this.#setPaused(false)
  }

  /** What {@link restart} at `shown`, in epoch milliseconds, would make of the clock. */
  positionAt(shown: number): ClockPosition {
    return { real: this.#source.now(), shown, paused: this.#paused }
  }

  /** Ends the advances under way, which reject with `reason`, and goes on from `shown`, in epoch milliseconds. */
  restart(shown: number, reason: Error): void {
    this.#advanceable.abort(reason)
    this.#advanceable = new AbortController()
    this.#show(shown)
    this.#arm()
  }

  /** Resolves when nothing is running and nothing is due, or once `signal` is aborted and what was running has ended. */
  async settled(signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted) {
      const next = this.#timers.first()
      if (this.#running.size > 0) await Promise.all(this.#running)
      else if (next !== undefined && next.at <= this.now()) this.#fire()
      else return
    }
  }

  /** Drops every timer, refuses new ones, and ends the advances under way; what else is running goes on. */
  stop(): void {
    this.#stopped = true
    this.#advanceable.abort(new EmulatorError('closed', 'the emulator is closed'))
    this.#timers.clear()
    clearTimeout(this.#wake)
  }

  async #advance(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#show(this.now())
    this.#advancing = true
    try {
      // Two advances that were each in range may not be together.
      await this.#runUntil(Math.min(this.now() + ms, LAST_TIME_MS), signal)
    } finally {
      this.#show(this.now())
      this.#advancing = false
      this.#arm()
    }
  }

  async #runUntil(target: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.settled(signal)
      signal.throwIfAborted()
      const next = this.#timers.first()
      if (next === undefined || next.at > target) break
      this.#show(next.at)
    }
    this.#show(target)
  }

  #setPaused(paused: boolean): void {
    const shown = this.now()
    this.#paused = paused
    this.#show(shown)
    this.#arm()
  }

  #show(shown: number): void {
    this.#anchor = { real: this.#source.now(), shown }
    this.#latest = shown
    // Once stopped, nobody goes on from here.
    if (this.#stopped) return
    try {
      this.#listeners.moved?.({ ...this.#anchor, paused: this.#paused })
    } catch (error) {
      // Reported anew at the next move: the clock itself must not stop halfway.
      this.#listeners.failed?.(error, shown)
    }
  }

  /** Sets the one real timer there is to the time of the first of ours. */
  #arm(): void {
    clearTimeout(this.#wake)
    const next = this.#timers.first()
    if (this.#advancing || next === undefined) return
    const wait = (next.at - this.now()) / this.#source.timeScale
    if (this.#paused && wait > 0) return
    this.#wake = setTimeout(() => this.#fire(), Math.min(Math.max(Math.ceil(wait), 0), MAX_TIMER_MS))
  }

  #fire(): void {
    for (const timer of this.#timers.takeDue(this.now())) void this.#start(timer)
    this.#arm()
  }

  #add(timer: Timer): void {
    if (!this.#stopped) this.#timers.add(timer)
    if (this.#timers.first() === timer) this.#arm()
  }

  #start(timer: Timer): Promise<void> {
    const run = async () => timer.work()
    const done = run()
      .catch((error) => this.#tryAgain(timer, error))
      .finally(() => this.#running.delete(done))
    this.#running.add(done)
    return done
  }

  /** The one place that deals with errors of timed work: nothing else waits for it. */
  #tryAgain(timer: Timer, error: unknown): void {
    timer.at = this.now() + Math.min(FIRST_NEW_TRY_MS * 2 ** timer.failures, LAST_NEW_TRY_MS)
    timer.failures += 1
    this.#add(timer)
    this.#listeners.failed?.(error, timer.at)
  }
}
