import type { ParsedHeaders } from '../verify/verify.ts'

/** Detects a wrong clock from stale deliveries with valid signatures. */
export interface SkewProbe {
  /** Whether to verify this stale delivery: at most one a second. */
  wants(): boolean
  /** Records a genuine delivery from outside the window. */
  note(parsed: ParsedHeaders): void
}

const SAMPLE_EVERY_MS = 1_000
const WITHIN_MS = 60_000
const ENOUGH = 5

/**
 * Creates a probe that reports after five genuine stale deliveries within a minute.
 *
 * @param report Called with the estimated clock skew, in seconds; positive if our clock is ahead of the sender's
 */
export function createSkewProbe(now: () => number, report: (seconds: number) => void): SkewProbe {
  let sampledAt = Number.NEGATIVE_INFINITY
  // By id, so that a captured delivery counts once however often it is replayed.
  let noted = new Map<string, { at: number; skewSeconds: number }>()

  return {
    wants() {
      const due = now() - sampledAt >= SAMPLE_EVERY_MS
      if (due) sampledAt = now()
      return due
    },
    note({ headers }) {
      const at = now()
      const skewSeconds = Math.floor(at / 1000) - Number(headers.timestamp)
      noted = new Map([...noted].filter(([, one]) => at - one.at < WITHIN_MS)).set(headers.id, {
        at,
        skewSeconds,
      })
      if (noted.size < ENOUGH) return
      // The median, so that a single replayed delivery cannot decide the result.
      const ordered = [...noted.values()].map((one) => one.skewSeconds).sort((a, b) => a - b)
      report(ordered[Math.floor(ordered.length / 2)]!)
      noted.clear()
    },
  }
}
