import type { Clock } from '../shared/clock.ts'

const PROBE_MS = 20
const VALID_MS = 1_000

/**
 * Measures how late timers fire, in milliseconds. It sets timers only while deliveries arrive, so that an idle receiver
 * does not keep its process awake.
 */
export function createLagProbe(clock: Clock): () => number {
  let last = { lagMs: 0, at: Number.NEGATIVE_INFINITY }
  let dueAt: number | undefined
  const probe = (due: number) => () => {
    last = { lagMs: clock.now() - due, at: clock.now() }
    dueAt = undefined
  }
  return () => {
    const present = clock.now()
    if (dueAt === undefined) {
      dueAt = present + PROBE_MS
      clock.schedule(probe(dueAt), PROBE_MS)
    }
    // An overdue timer counts like a late one. A measurement older than `VALID_MS` no longer counts.
    return Math.max(present - dueAt, present - last.at < VALID_MS ? last.lagMs : 0)
  }
}
