import type { Refusal } from '../shared/refusal.ts'

/** The limits a body is read within. A receiver's own defaults are in its options. */
export interface BodyLimits {
  /** Largest accepted body, in bytes, inclusive. */
  maxBytes: number
  /** Longest time from first to last byte, in milliseconds. */
  timeoutMs: number
  /** Longest time without a byte, in milliseconds. Default: `timeoutMs`. */
  idleMs?: number
  /** Slowest accepted average, in bytes per second, applied from the first second on. Default 0: any. */
  minBytesPerSecond?: number
  /** Counts the body while it is read. Default: nothing does. */
  watch?: BodyWatch
}

/**
 * Starts counting one body.
 *
 * @param end Stops reading the body and refuses it
 * @returns Takes the size of each chunk, in bytes
 */
export type BodyWatch = (end: (refusal: Refusal) => void) => (bytes: number) => void
