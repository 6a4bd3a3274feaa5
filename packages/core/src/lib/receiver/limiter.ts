import type { BodyWatch } from '../http/body-limits.ts'
import { toAddressGroup } from '../http/remote-address.ts'
import { type Clock, monotonicNow } from '../shared/clock.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import { createIdleSweep, GRACE_MS } from './idle-sweep.ts'
import { createLagProbe } from './loop-lag.ts'

/** Limits on unverified deliveries. */
export interface LimiterOptions {
  /** Bodies read at a time. While there are more, those from which nothing arrives are ended. */
  maxConcurrentBodies: number
  /** Bodies read at a time from one address. While there are more, those from which nothing arrives are ended. */
  maxBodiesPerAddress: number
  /** Most bytes received but not yet verified, over all bodies. One more ends the slowest. */
  maxBytesInFlight: number
  /** Most event loop lag, in milliseconds; `Infinity` turns the measurement off. */
  maxLoopLagMs: number
}

/** Limits the memory and time that unverified deliveries use. */
export interface Limiter {
  /** Starts counting a delivery with valid headers, before its body is read. The caller must call `leave`. */
  enter(address: string | undefined): LimitedDelivery | Refusal
}

/** A delivery that counts towards the limits, from its headers to the end of its verification. */
export interface LimitedDelivery {
  /** Counts the body while it is read, and may end it when a limit is reached. A body without a watch is not ended. */
  readonly watch: BodyWatch
  /** Marks the body as read, with its length in bytes. It is not ended from now on; refused if it was ended before. */
  complete(bytes: number): Refusal | undefined
  /** Stops counting the delivery. Safe to call twice. */
  leave(): void
}

interface Slot {
  readonly group: string | undefined
  /** Received so far. */
  bytes: number
  /** Bytes missing from a body that arrives at `PACE`, as of `at`. */
  behind: number
  /** When the last byte arrived; before the first one, when the delivery entered. */
  at: number
  ended: Refusal | undefined
  end: ((refusal: Refusal) => void) | undefined
}

// Used only to rank bodies when too many bytes are in flight; a slower body is not ended for its pace alone.
const PACE = 16 * 1024
// Limits the credit for a fast start, so that a sender cannot stop after one and still rank as fast.
const MOST_AHEAD = 4 * 1024

/**
 * Creates a limiter.
 *
 * It counts bytes that have arrived, not declared lengths, which cost a sender nothing. A new delivery is never refused
 * in favour of open bodies, and a body that keeps arriving is never ended in favour of new ones, because either way
 * idle connections could block good deliveries.
 *
 * @param whyFull Why the queue takes no deliveries, in words; `undefined` if it takes them
 */
export function createLimiter(
  limits: LimiterOptions,
  clock: Clock,
  whyFull: () => string | undefined,
): Limiter {
  const lagMs = Number.isFinite(limits.maxLoopLagMs) ? createLagProbe(clock) : () => 0
  const present = () => monotonicNow(clock)
  // In order of arrival. Complete bodies are removed, but their bytes still count.
  const reading = new Set<Slot>()
  const perGroup = createCounts()
  let totalBytes = 0

  const stopReading = (slot: Slot) => {
    if (reading.delete(slot)) perGroup.add(slot.group, -1)
  }
  const leave = (slot: Slot) => {
    stopReading(slot)
    totalBytes -= slot.bytes
    slot.bytes = 0
  }
  const end = (slot: Slot, message: string) => {
    leave(slot)
    slot.ended = refuse('overloaded', message)
    slot.end?.(slot.ended)
  }
  const count = (slot: Slot, bytes: number) => {
    if (!reading.has(slot)) return
    const now = present()
    slot.behind = Math.max(-MOST_AHEAD, behindAt(slot, now) - bytes)
    slot.at = now
    slot.bytes += bytes
    totalBytes += bytes
    while (totalBytes > limits.maxBytesInFlight) {
      const slowest = findSlowest(reading, now)
      if (!slowest) return
      end(slowest, OUT_OF_BYTES)
    }
  }
  const isOver = (group: string | undefined) =>
    reading.size > limits.maxConcurrentBodies || perGroup.of(group) > limits.maxBodiesPerAddress
  const endIdle = (since: number) => {
    const idle = [...reading].filter((slot) => slot.end && slot.at <= since).sort((a, b) => a.at - b.at)
    for (const slot of idle) if (isOver(slot.group)) end(slot, OUT_OF_BODIES)
    return [...reading].some((slot) => isOver(slot.group))
  }
  const endIdleSoon = createIdleSweep(clock, endIdle)

  return {
    enter(address) {
      const full = whyFull()
      if (full !== undefined) return refuse('overloaded', full)
      if (lagMs() > limits.maxLoopLagMs) return refuse('overloaded', 'the event loop is late')
      const group = address === undefined ? undefined : toAddressGroup(address)
      const slot: Slot = { group, bytes: 0, behind: 0, at: present(), ended: undefined, end: undefined }
      reading.add(slot)
      perGroup.add(group, 1)
      if (isOver(group)) endIdleSoon()
      return {
        watch(end) {
          slot.end = end
          return (bytes) => count(slot, bytes)
        },
        complete(bytes) {
          count(slot, bytes - slot.bytes)
          stopReading(slot)
          return slot.ended
        },
        leave: () => leave(slot),
      }
    },
  }
}

const OUT_OF_BODIES = `too many bodies are being read, and this one made no progress for ${GRACE_MS} ms`
const OUT_OF_BYTES = 'too many bytes are in flight, and this body was the slowest'

/** The body with bytes that is furthest behind; among equals, the oldest. To end one without bytes would free nothing. */
function findSlowest(slots: Iterable<Slot>, present: number): Slot | undefined {
  let found: Slot | undefined
  let most = Number.NEGATIVE_INFINITY
  for (const slot of slots) {
    const behind = behindAt(slot, present)
    if (slot.bytes === 0 || behind <= most) continue
    most = behind
    found = slot
  }
  return found
}

function behindAt({ behind, at }: Slot, present: number): number {
  return behind + ((present - at) / 1000) * PACE
}

/** Counts by name and drops names whose count is 0. `undefined` is not counted. */
function createCounts() {
  const counts = new Map<string, number>()
  const of = (name: string | undefined) => (name === undefined ? 0 : (counts.get(name) ?? 0))
  return {
    of,
    add(name: string | undefined, more: number) {
      if (name === undefined) return
      const count = of(name) + more
      if (count === 0) counts.delete(name)
      else counts.set(name, count)
    },
  }
}
