import type { Clock } from '../shared/clock.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

/** How much a receiver takes on at a time, beyond which it asks the sender to come again. */
export interface LimiterOptions {
  /** Bodies being read at a time. */
  maxConcurrentBodies: number
  /** Bytes of bodies being read at a time, counted by what each may become. */
  maxBytesInFlight: number
  /** How late the event loop may run, in milliseconds; infinite for not looking. */
  maxLoopLagMs: number
}

/** Stands in front of the body: whoever is turned away here has cost next to nothing. */
export interface Limiter {
  /** Takes a delivery in, or refuses it; what was taken in has to leave again. */
  enter(bodyBytes: number): Refusal | undefined
  leave(bodyBytes: number): void
}

const PROBE_MS = 20
const VALID_MS = 1_000

/** @param isFull Whether what comes after the limiter takes more right now */
export function createLimiter(limits: LimiterOptions, clock: Clock, isFull: () => boolean): Limiter {
  const lagMs = Number.isFinite(limits.maxLoopLagMs) ? createLagProbe(clock) : () => 0
  let bodies = 0
  let bytes = 0

  return {
    enter(bodyBytes) {
      if (isFull()) return refuse('overloaded', 'the queue is full')
      if (bodies >= limits.maxConcurrentBodies) return refuse('overloaded', 'too many bodies are being read')
      if (bytes + bodyBytes > limits.maxBytesInFlight)
        return refuse('overloaded', 'too many bytes are in flight')
      if (lagMs() > limits.maxLoopLagMs) return refuse('overloaded', 'the event loop is late')
      bodies++
      bytes += bodyBytes
      return undefined
    },
    leave(bodyBytes) {
      bodies--
      bytes -= bodyBytes
    },
  }
}

/**
 * Measures how late a timer fires. One is set while deliveries come, none otherwise: an idle receiver must not
 * keep its process awake.
 */
function createLagProbe(clock: Clock): () => number {
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
    // A timer that is overdue says as much as one that was late; one that was late long ago says nothing.
    return Math.max(present - dueAt, present - last.at < VALID_MS ? last.lagMs : 0)
  }
}
