import type { Refusal } from '../shared/refusal.ts'

/** Limits on reading one body. The defaults of a receiver are in its options. */
export interface BodyLimits {
  /** Largest accepted body, in bytes, inclusive. */
  maxBytes: number
  /** Longest time from first to last byte, in milliseconds. */
  timeoutMs: number
  /** Longest pause between bytes, in milliseconds. Default: `timeoutMs`. */
  idleMs?: number
  /** Slowest accepted average, in bytes per second, enforced after the first second. Default 0: no limit. */
  minBytesPerSecond?: number
  /** Counts bytes while the body is read. Default: none. */
  watch?: BodyWatch
}

/**
 * Starts counting one body.
 *
 * @param end Stops reading the body and refuses it
 * @returns A function to call with the size of each chunk, in bytes
 */
export type BodyWatch = (end: (refusal: Refusal) => void) => (bytes: number) => void
