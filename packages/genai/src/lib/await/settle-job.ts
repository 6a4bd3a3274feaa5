import { parseEvent, type WebhookEvent } from '@gwh/core'
import { toHandlingKey } from '../ledger/endings.ts'
import { emitMissed } from './emit-missed.ts'
import { JobGivenUpError } from './errors.ts'
import { findEnd, GIVEN_UP, NOT_FOUND, toRefusal, type WireEvent } from './find-end.ts'
import type { LookedUpJob, LookupDeps } from './lookup-deps.ts'
import { toNextOffer } from './timing.ts'

/**
 * What a look-up found: an end that was missed, one that was not, one whose event no handler here matches, a job that runs,
 * or one that does not exist.
 */
export type Found = 'missed' | 'known' | 'unhandled' | 'running' | 'not_found'

/**
 * Looks a job up, unless its end is known already, and takes the event of its end to the handlers.
 *
 * The end is in the ledger before the event is emitted, and the job is settled after it. So whatever breaks in between, the
 * next call emits it again, without asking the API.
 *
 * @throws JobGivenUpError `job_given_up`
 * @throws ResultUnavailableError `result_unavailable`, and whatever `Receiver.emit` or the ledger throws
 */
export async function settleJob(
  job: LookedUpJob,
  reason: 'overdue' | 'reconcile',
  deps: LookupDeps,
): Promise<Found> {
  const { ledger, receiver, clock, observe } = deps
  const text = job.event ?? (await findEnd(job, reason, deps))
  if (text === undefined) return 'running'
  deps.ended(job.id, text)
  const parsed = await readOrSettle(job, text, deps)
  const event = JSON.parse(text) as WireEvent
  if (event.type === NOT_FOUND) {
    observe({ type: 'not_found', job: job.name })
    return 'not_found'
  }
  const handling = await probe(event.type, job.id, deps)
  if (handling === 'in_progress') return 'known'
  if (handling === 'handled') {
    await ledger.settle(job, clock.now())
    return 'known'
  }
  if (!receiver.handles(parsed)) return await leave(job, event, deps)
  return (await emitMissed(job, event, deps)) ? 'missed' : 'known'
}

/** Reads the event of a job's end. A job that was given up, or whose event no receiver accepts, has nothing left to do. */
async function readOrSettle(job: LookedUpJob, text: string, deps: LookupDeps): Promise<WebhookEvent> {
  try {
    return readEnd(job.name, text)
  } catch (error) {
    await deps.ledger.settle(job, deps.clock.now())
    deps.observe({ type: 'given_up', job: job.name, error })
    throw error
  }
}

/** Leaves an event to a process with handlers: by its webhook, or by taking the job, whose end is known now. */
async function leave(job: LookedUpJob, event: WireEvent, deps: LookupDeps): Promise<Found> {
  const { ledger, retentionMs, clock, observe } = deps
  if (job.event === undefined) observe({ type: 'unhandled', job: job.name, eventType: event.type })
  const now = clock.now()
  const age = ageOf(event, now)
  // Nobody has come for it.
  if (age >= retentionMs) await ledger.settle(job, now)
  else await ledger.postpone(job, now + toNextOffer(job.event === undefined ? 0 : age))
  return 'unhandled'
}

function ageOf({ timestamp = '' }: WireEvent, now: number): number {
  const age = now - Date.parse(timestamp)
  return Number.isNaN(age) ? 0 : age
}

/**
 * Reads the event of a job's end.
 *
 * @throws JobGivenUpError `job_given_up` if the event says so, or if no receiver accepts it
 */
export function readEnd(name: string, text: string): WebhookEvent {
  const event = parseEnd(name, text)
  if (event.type === GIVEN_UP) throw new JobGivenUpError(name, String(event.data.error_message))
  return event
}

function parseEnd(name: string, text: string): WebhookEvent {
  try {
    return parseEvent(text)
  } catch (error) {
    throw new JobGivenUpError(name, toRefusal(error))
  }
}

const PROBE = 'look-up'

/** Whether another source has handled the event, or is about to. Claims nothing. */
async function probe(type: string, id: string, deps: LookupDeps) {
  const { receiver, ledger, handlings, retentionMs, clock } = deps
  const key = toHandlingKey(receiver.endpoint, type, id)
  const here = handlings.stateOf(key)
  if (here) return here
  const now = clock.now()
  const state = await ledger.begin(key, PROBE, { now, leaseUntil: now, expiresAt: now + retentionMs })
  if (state === 'claimed') await ledger.release(key, PROBE)
  return state
}
