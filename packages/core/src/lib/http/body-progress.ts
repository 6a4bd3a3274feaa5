import type { Clock } from '../shared/clock.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import { deadlinesOf } from './body-deadlines.ts'
import type { BodyLimits } from './body-limits.ts'

/** Follows the progress of one body. */
export interface BodyProgress {
  /** Records bytes that have arrived. */
  note(bytes: number): void
  /** Stops watching and cancels the timer. */
  stop(): void
}

// A timer this late means that this process was busy, so bytes may have arrived that are not read yet.
const LATE_MS = 100
const RATE_AFTER_MS = 1_000

/**
 * Whether a body of this length is complete or ended at the first check, however its bytes arrive: after a second it would
 * be too slow. What arrives in between need not be noted.
 */
export function isSmall(length: number, limits: BodyLimits): boolean {
  const { minBytesPerSecond = 0 } = limits
  return length <= minBytesPerSecond && firstCheckMs(limits) >= RATE_AFTER_MS
}

function firstCheckMs({ timeoutMs, idleMs = timeoutMs }: BodyLimits): number {
  return Math.min(idleMs, timeoutMs)
}

/**
 * Ends a small body that is not complete at the first check. Many share a timer, which costs less than one each.
 *
 * @param end Called at most once, with a `body_timeout`
 */
export function watchSmall(limits: BodyLimits, clock: Clock, end: (refusal: Refusal) => void): BodyProgress {
  const delayMs = firstCheckMs(limits)
  const addDeadline = deadlinesOf(clock, delayMs)
  const stop = addDeadline(() => end(refuse('body_timeout', `the body took longer than ${delayMs} ms`)))
  return { note() {}, stop }
}

/**
 * Ends a body that takes too long, pauses for too long, or arrives too slowly.
 *
 * @param end Called at most once, with a `body_timeout`
 */
export function watchProgress(
  limits: BodyLimits,
  clock: Clock,
  end: (refusal: Refusal) => void,
): BodyProgress {
  const { timeoutMs, idleMs = timeoutMs } = limits
  const startedAt = clock.now()
  let lastAt = startedAt
  let bytes = 0
  let dueAt = startedAt
  let cancel = () => {}

  const wait = (present: number, delayMs: number) => {
    dueAt = present + delayMs
    cancel = clock.schedule(check, delayMs)
  }
  const check = () => {
    const present = clock.now()
    const age = present - startedAt
    if (age < timeoutMs && present - dueAt > LATE_MS) return wait(present, LATE_MS)
    const reason = whyEnd(limits, { age, pause: present - lastAt, bytes })
    if (reason !== undefined) return end(refuse('body_timeout', reason))
    // At most `idleMs`, because the clock may have been set back.
    wait(present, Math.min(idleMs, timeoutMs - age, idleMs - (present - lastAt)))
  }
  wait(startedAt, firstCheckMs(limits))
  return {
    note(more) {
      bytes += more
      lastAt = clock.now()
    },
    stop: () => cancel(),
  }
}

function whyEnd(
  { timeoutMs, idleMs = timeoutMs, minBytesPerSecond = 0 }: BodyLimits,
  { age, pause, bytes }: { age: number; pause: number; bytes: number },
): string | undefined {
  if (age >= timeoutMs) return `the body took longer than ${timeoutMs} ms`
  if (pause >= idleMs) return `no byte of the body arrived for ${idleMs} ms`
  const tooSlow = age >= RATE_AFTER_MS && bytes < (age / 1000) * minBytesPerSecond
  return tooSlow ? `the body arrived at less than ${minBytesPerSecond} bytes per second` : undefined
}
