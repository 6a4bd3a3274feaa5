import { ResultError, ResultUnavailableError } from '../shared/errors.ts'
import { toJobKind } from '../shared/job-name.ts'
import { lookUp, type Outcome } from './look-up.ts'
import type { LookedUpJob, LookupDeps } from './lookup-deps.ts'
import { LookUpTimeout } from './outage.ts'
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

/** The type of the event that a ledger keeps for a job whose end was not found in time. No handler receives it. */
export const GIVEN_UP = 'job.given_up'

// The clock may have been far behind when the job was added.
const LEAST_LOOKUPS = 5

// The API may not know a job yet that it has just created.
const UNKNOWN_AT_FIRST_MS = 60_000

/**
 * Asks the API how a job is, and notes in the ledger that it has ended, is unknown, or is given up.
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
  const outcome = await lookUpInTime(job, deps)
  if (!outcome) return undefined
  const now = clock.now()
  const { timestamp = new Date(now).toISOString() } = outcome
  const metadata = userMetadata === undefined ? {} : { user_metadata: JSON.parse(userMetadata) }
  const event = JSON.stringify({ version: 'v1', ...outcome, timestamp, ...metadata })
  const end = { endpoint, id, name, event, now, expiresAt: now + retentionMs }
  const isEnd = outcome.type !== NOT_FOUND && outcome.type !== GIVEN_UP
  const counts = await (isEnd ? ledger.end(end) : ledger.giveUp(end))
  return counts ? event : ((await ledger.find(job))?.event ?? event)
}

async function lookUpInTime(job: LookedUpJob, deps: LookupDeps): Promise<Outcome> {
  const { client, clock, lookupTimeoutMs: ms, signal } = deps
  const { name } = job
  const age = clock.now() - job.createdAt
  const isOld = age >= deps.giveUpAfterMs && job.lookups >= LEAST_LOOKUPS
  const giveUp = (why: string) => ({ type: GIVEN_UP, data: { id: name, error_message: why } })
  const late = () => new LookUpTimeout(name, ms)
  signal?.throwIfAborted()
  const request = new AbortController()
  try {
    const step = lookUp(name, client, request.signal)
    const outcome = await within(step, { ms, clock, late, ...(signal && { signal }) })
    deps.untracked?.delete(job.id)
    return outcome ?? (isOld ? giveUp('it still runs') : undefined)
  } catch (error) {
    if (error instanceof ResultError) {
      if (deps.untracked?.has(job.id) ? job.lookups === 0 : age < UNKNOWN_AT_FIRST_MS) return undefined
      deps.untracked?.delete(job.id)
      return { type: NOT_FOUND, data: { id: name } }
    }
    if (isOld && isAnswer(error)) return giveUp(error.message)
    throw error
  } finally {
    request.abort()
  }
}

// Too many requests, and an API that is down, say nothing about the job.
const NO_ANSWERS = [429, 503]

function isAnswer(error: unknown): error is ResultUnavailableError {
  if (!(error instanceof ResultUnavailableError)) return false
  const { apiStatus } = error
  return error instanceof LookUpTimeout || (apiStatus !== undefined && !NO_ANSWERS.includes(apiStatus))
}
