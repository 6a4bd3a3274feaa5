import type { EmittedEvent } from '@gwh/core'
import type { WireEvent } from './find-end.ts'
import type { LookedUpJob, LookupDeps } from './lookup-deps.ts'
import { within } from './within.ts'

// Handlers of a receiver without a queue run meanwhile.
const EMIT_MS = 60_000

/**
 * Takes a missed event to the handlers, then settles its job. Returns after a minute although handlers still run; the job is
 * then settled when they have finished.
 *
 * @throws What `Receiver.emit` or the ledger throws
 */
export async function emitMissed(job: LookedUpJob, event: WireEvent, deps: LookupDeps): Promise<void> {
  const { clock, observe } = deps
  const emission = emitAndSettle(job, event, deps)
  const isLate = Symbol('late')
  try {
    await within(emission, { ms: EMIT_MS, clock, late: () => isLate })
  } catch (error) {
    if (error !== isLate) throw error
    emission.catch((fault: unknown) => observe({ type: 'fault', job: job.name, error: fault }))
  }
}

async function emitAndSettle(
  job: LookedUpJob,
  event: WireEvent,
  { receiver, ledger, clock }: LookupDeps,
): Promise<void> {
  await receiver.emit(toEmitted(event), { id: await toEmitId(event.type, job.id) })
  await ledger.settle(job, clock.now())
}

function toEmitted({ type, data, timestamp, user_metadata }: WireEvent): EmittedEvent {
  return {
    type,
    data,
    ...(timestamp !== undefined && { timestamp }),
    ...(user_metadata && { userMetadata: user_metadata }),
  }
}

const LONGEST_EMIT_ID = 256

/** The same for the same end, so that two processes that find it emit one event. */
async function toEmitId(type: string, id: string): Promise<string> {
  const text = `lookup ${type} ${id}`
  if (text.length <= LONGEST_EMIT_ID) return text
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0'))
  return `lookup ${type} ${hex.join('')}`
}
