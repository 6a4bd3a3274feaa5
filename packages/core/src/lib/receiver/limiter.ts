import type { BodyWatch } from '../http/body-limits.ts'
import { toAddressGroup } from '../http/remote-address.ts'
import type { Clock } from '../shared/clock.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import { createLagProbe } from './loop-lag.ts'

/** How much unverified data a receiver holds at a time. */
export interface LimiterOptions {
  /** Bodies being read at a time. One more ends the slowest. */
  maxConcurrentBodies: number
  /** The same for one address. One more ends the slowest of that address. */
  maxBodiesPerAddress: number
  /** Bytes received and not verified yet, of all bodies together. One more ends the slowest. */
  maxBytesInFlight: number
  /** How late the event loop may run, in milliseconds; infinite to skip the measurement. */
  maxLoopLagMs: number
}

/** Guards the memory and time that unverified deliveries take. */
export interface Limiter {
  /** Admits a delivery whose headers are good, before its body is read. The caller must call `leave`. */
  enter(address: string | undefined): Admission | Refusal
}

/** One delivery, from its headers to its verification. */
export interface Admission {
  /** Counts the body while it is read, and ends it when another delivery needs the room. */
  readonly watch: BodyWatch
  /** Marks the body as read, `bytes` long. From here on it is never ended. Refuses it when it has been already. */
  complete(bytes: number): Refusal | undefined
  /** Gives back what the delivery takes up. Safe to call twice. */
  leave(): void
}

interface Slot {
  readonly group: string | undefined
  /** Received so far. */
  bytes: number
  /** Bytes missing from a body that arrives at `PACE`, as of `at`. */
  behind: number
  at: number
  ended: Refusal | undefined
  end: ((refusal: Refusal) => void) | undefined
}

// Only ranks bodies when there is no room for all of them; a body is not ended for being slower than this.
const PACE = 16 * 1024
// How far a fast start may carry a body. More would let a sender stop after it and still look fast.
const MOST_AHEAD = 4 * 1024

/**
 * Makes a limiter.
 *
 * It counts only what has arrived: a declared length costs a sender nothing. It never refuses a newcomer in favour
 * of bodies that are merely open, because any number of idle connections would then lock out everything else.
 *
 * @param isFull Whether what comes after the limiter takes no more right now
 */
export function createLimiter(limits: LimiterOptions, clock: Clock, isFull: () => boolean): Limiter {
  const lagMs = Number.isFinite(limits.maxLoopLagMs) ? createLagProbe(clock) : () => 0
  // In the order of their arrival. Bodies that are complete are no longer in it; their bytes still count.
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
  const endSlowest = (message: string, group?: string) => {
    const slot = slowest(reading, clock.now(), group)
    if (!slot) return
    leave(slot)
    slot.ended = refuse('overloaded', message)
    slot.end?.(slot.ended)
  }
  const count = (slot: Slot, bytes: number) => {
    if (!reading.has(slot)) return
    slot.behind = Math.max(-MOST_AHEAD, behindAt(slot, clock.now()) - bytes)
    slot.at = clock.now()
    slot.bytes += bytes
    totalBytes += bytes
    // Ends, because the slot itself is among those being read.
    while (totalBytes > limits.maxBytesInFlight) endSlowest(OUT_OF_BYTES)
  }
  const makeRoom = (group: string | undefined) => {
    if (perGroup.of(group) >= limits.maxBodiesPerAddress) endSlowest(OUT_OF_ADDRESS, group)
    else if (reading.size >= limits.maxConcurrentBodies) endSlowest(OUT_OF_BODIES)
    perGroup.add(group, 1)
  }

  return {
    enter(address) {
      if (isFull()) return refuse('overloaded', 'the queue is full')
      if (lagMs() > limits.maxLoopLagMs) return refuse('overloaded', 'the event loop is late')
      const group = address === undefined ? undefined : toAddressGroup(address)
      makeRoom(group)
      const slot: Slot = { group, bytes: 0, behind: 0, at: clock.now(), ended: undefined, end: undefined }
      reading.add(slot)
      return {
        watch(end) {
          slot.end = end
          if (slot.ended) end(slot.ended)
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

const OUT_OF_BODIES = 'too many bodies are being read, and this one was the slowest'
const OUT_OF_ADDRESS = 'too many bodies of this address are being read, and this one was the slowest'
const OUT_OF_BYTES = 'too many bytes are in flight, and this body was the slowest'

/** The body that is furthest behind; of several, the one that came first. */
function slowest(slots: Iterable<Slot>, present: number, group: string | undefined): Slot | undefined {
  let found: Slot | undefined
  let most = Number.NEGATIVE_INFINITY
  for (const slot of slots) {
    if (group !== undefined && slot.group !== group) continue
    const behind = behindAt(slot, present)
    if (behind <= most) continue
    most = behind
    found = slot
  }
  return found
}

function behindAt({ behind, at }: Slot, present: number): number {
  return behind + ((present - at) / 1000) * PACE
}

/** Counts by name, keeping only the names that have any. `undefined` is not counted. */
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
