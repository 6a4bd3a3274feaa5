import type { EmittedEvent, Receiver } from '@gwh/core'
import type { JobLedger, LedgerJob } from '@gwh/core/store'
import { toHandlingKey } from '../ledger/endings.ts'
import type { JobsSignal } from '../ledger/signals.ts'
import type { JobClient } from '../shared/client.ts'
import { ResultError } from '../shared/errors.ts'
import { toJobKind } from '../shared/job-name.ts'
import { lookUp } from './look-up.ts'

/** What looking up a job needs. */
export interface LookupDeps {
  client: JobClient
  receiver: Pick<Receiver, 'emit' | 'endpoint'>
  ledger: JobLedger
  retentionMs: number
  now: () => number
  observe: (signal: JobsSignal) => void
  /** Called with each end of a job. */
  ended: (id: string, text: string) => void
}

/** A job that is looked up. */
export type LookedUpJob = Pick<LedgerJob, 'endpoint' | 'id' | 'name' | 'event' | 'userMetadata'>

/** What a look-up found: an end that was missed, one that was not, a job that runs, or one that does not exist. */
export type Found = 'missed' | 'known' | 'running' | 'not_found'

/** The type of the event that a ledger keeps for a job that the API does not know. No handler receives it. */
export const NOT_FOUND = 'job.not_found'

/**
 * Looks a job up, unless its end is known already, and takes the event of its end to the handlers.
 *
 * The end is in the ledger before the event is emitted, and the job is settled after it. So whatever breaks in between, the
 * next call emits it again, without asking the API.
 *
 * @throws ResultUnavailableError `result_unavailable`, and whatever `Receiver.emit` or the ledger throws
 */
export async function settleJob(
  job: LookedUpJob,
  reason: 'overdue' | 'reconcile',
  deps: LookupDeps,
): Promise<Found> {
  const { receiver, ledger, now, observe } = deps
  const text = job.event ?? (await findEnd(job, reason, deps))
  if (text === undefined) return 'running'
  const event = JSON.parse(text) as WireEvent
  deps.ended(job.id, text)
  if (event.type === NOT_FOUND) {
    await ledger.settle(job, now())
    observe({ type: 'not_found', job: job.name })
    return 'not_found'
  }
  const handling = await probe(event.type, job.id, deps)
  if (handling === 'in_progress') return 'known'
  if (handling === 'handled') {
    await ledger.settle(job, now())
    return 'known'
  }
  observe({ type: 'missed', job: job.name, eventType: event.type })
  await receiver.emit(toEmitted(event), { id: await toEmitId(event.type, job.id) })
  await ledger.settle(job, now())
  return 'missed'
}

const PROBE = 'look-up'

/** Whether another source has handled the event, or is about to. Claims nothing. */
async function probe(type: string, id: string, { receiver, ledger, retentionMs, now }: LookupDeps) {
  const key = toHandlingKey(receiver.endpoint, type, id)
  const present = now()
  const deadlines = { now: present, leaseUntil: present, expiresAt: present + retentionMs }
  const state = await ledger.begin(key, PROBE, deadlines)
  if (state === 'claimed') await ledger.release(key, PROBE)
  return state
}

interface WireEvent {
  type: string
  data: Record<string, unknown>
  timestamp?: string
  user_metadata?: Record<string, unknown>
}

/** Asks the API and notes an end. Returns the event that counts: a webhook may have come meanwhile. */
async function findEnd(
  { endpoint, id, name, userMetadata }: LookedUpJob,
  reason: 'overdue' | 'reconcile',
  { client, ledger, retentionMs, now, observe }: LookupDeps,
): Promise<string | undefined> {
  observe({ type: 'lookup', job: name, kind: toJobKind(name), reason })
  const outcome = await lookUpOrNotFound(name, client)
  if (!outcome) return undefined
  const present = now()
  const { timestamp = new Date(present).toISOString() } = outcome
  const metadata = userMetadata === undefined ? {} : { user_metadata: JSON.parse(userMetadata) }
  const text = JSON.stringify({ version: 'v1', ...outcome, timestamp, ...metadata })
  const end = { endpoint, id, name, event: text, now: present, expiresAt: present + retentionMs }
  const first = await ledger.end(end)
  return first ? text : ((await ledger.find({ endpoint, id }))?.event ?? text)
}

async function lookUpOrNotFound(name: string, client: JobClient) {
  try {
    return await lookUp(name, client)
  } catch (error) {
    if (error instanceof ResultError) return { type: NOT_FOUND, data: { id: name } }
    throw error
  }
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
  return `lookup ${type} ${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
