import type { Clock } from '../shared/clock.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
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
export function isSmall(
  length: number,
  { timeoutMs, idleMs = timeoutMs, minBytesPerSecond = 0 }: BodyLimits,
): boolean {
  return length <= minBytesPerSecond && Math.min(idleMs, timeoutMs) >= RATE_AFTER_MS
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
  wait(startedAt, Math.min(idleMs, timeoutMs))
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
