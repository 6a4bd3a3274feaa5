import type { EmittedEvent } from '@gwh/core'
import { WebhookError } from '@gwh/core/errors'
import type { WireEvent } from './find-end.ts'
import type { LookedUpJob, LookupDeps } from './lookup-deps.ts'
import { within } from './within.ts'

// Handlers of a receiver without a queue run meanwhile.
const EMIT_MS = 60_000

/**
 * Takes a missed event to the handlers, then settles its job. Returns after a minute although handlers still run; the job is
 * then settled when they have finished.
 *
 * @returns Whether the event went to the handlers: another process may take it there, or have done so
 * @throws What `Receiver.emit` or the ledger throws
 */
export async function emitMissed(job: LookedUpJob, event: WireEvent, deps: LookupDeps): Promise<boolean> {
  const { clock, observe } = deps
  const emission = emitOnce(job, event, deps)
  const isLate = Symbol('late')
  try {
    return await within(emission, { ms: EMIT_MS, clock, late: () => isLate })
  } catch (error) {
    if (error !== isLate) throw error
    emission.catch((fault: unknown) => observe({ type: 'fault', job: job.name, error: fault }))
    return true
  }
}

/** The store of a receiver may be its own, so only the ledger knows what other processes emit. */
async function emitOnce(job: LookedUpJob, event: WireEvent, deps: LookupDeps): Promise<boolean> {
  const { receiver, ledger, clock, observe, leaseMs, retentionMs } = deps
  const key = `${job.endpoint} look-up ${event.type} ${job.id}`
  const holder = crypto.randomUUID()
  const now = clock.now()
  const claim = { now, leaseUntil: now + leaseMs, expiresAt: now + retentionMs }
  const state = await ledger.begin(key, holder, claim)
  if (state === 'in_progress') return false
  if (state === 'claimed') {
    observe({ type: 'missed', job: job.name, eventType: event.type })
    try {
      await receiver.emit(toEmitted(event), { id: await toEmitId(event.type, job.id) })
    } catch (error) {
      if (!isStillRunning(error)) await ledger.release(key, holder)
      throw error
    }
    await ledger.complete(key, holder)
  }
  await ledger.settle(job, clock.now())
  return state === 'claimed'
}

function isStillRunning(error: unknown): boolean {
  return error instanceof WebhookError && error.code === 'handler_timeout'
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
