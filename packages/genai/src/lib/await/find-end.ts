import { ResultError } from '../shared/errors.ts'
import { toJobKind } from '../shared/job-name.ts'
import { lookUp, type Outcome } from './look-up.ts'
import { LookUpTimeout } from './outage.ts'
import type { LookedUpJob, LookupDeps } from './settle-job.ts'
import { within } from './within.ts'

/** An event in the form in which Google sends it. */
export interface WireEvent {
  type: string
  data: Record<string, unknown>
  timestamp?: string
  user_metadata?: Record<string, unknown>
}

/** The type of the event that a ledger keeps for a job that the API does not know. No handler receives it. */
export const NOT_FOUND = 'job.not_found'

/**
 * Asks the API how a job is, and notes an end in the ledger.
 *
 * @returns The event that counts, as JSON: a webhook may have come meanwhile. `undefined` while the job runs
 * @throws ResultUnavailableError `result_unavailable`
 */
export async function findEnd(
  job: LookedUpJob,
  reason: 'overdue' | 'reconcile',
  deps: LookupDeps,
): Promise<string | undefined> {
  const { ledger, retentionMs, clock, observe } = deps
  const { endpoint, id, name, userMetadata } = job
  observe({ type: 'lookup', job: name, kind: toJobKind(name), reason })
  const outcome = await lookUpOrNotFound(name, deps)
  if (!outcome) return undefined
  const now = clock.now()
  const { timestamp = new Date(now).toISOString() } = outcome
  const metadata = userMetadata === undefined ? {} : { user_metadata: JSON.parse(userMetadata) }
  const event = JSON.stringify({ version: 'v1', ...outcome, timestamp, ...metadata })
  const first = await ledger.end({ endpoint, id, name, event, now, expiresAt: now + retentionMs })
  return first ? event : ((await ledger.find(job))?.event ?? event)
}

async function lookUpOrNotFound(name: string, deps: LookupDeps): Promise<Outcome> {
  const { client, clock, lookupTimeoutMs: ms, signal } = deps
  const late = () => new LookUpTimeout(name, ms)
  try {
    return await within(lookUp(name, client), { ms, clock, late, ...(signal && { signal }) })
  } catch (error) {
    if (error instanceof ResultError) return { type: NOT_FOUND, data: { id: name } }
    throw error
  }
}
