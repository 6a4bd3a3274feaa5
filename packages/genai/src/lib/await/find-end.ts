import { parseEvent } from '@gwh/core'
import { WebhookError } from '@gwh/core/errors'
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
  const { endpoint, id, name } = job
  observe({ type: 'lookup', job: name, kind: toJobKind(name), reason })
  const outcome = await lookUpInTime(job, deps)
  if (!outcome) return undefined
  const now = clock.now()
  const found = toEvent(job, outcome, now)
  const event = JSON.stringify(found)
  const end = { endpoint, id, name, event, now, expiresAt: now + retentionMs }
  const counts = await (isEnd(found) ? ledger.end(end) : ledger.giveUp(end))
  return counts ? event : ((await ledger.find(job))?.event ?? event)
}

function isEnd({ type }: Pick<WireEvent, 'type'>): boolean {
  return type !== NOT_FOUND && type !== GIVEN_UP
}

/** The event of an outcome. A job whose event no receiver would accept, because of its metadata, is given up. */
function toEvent({ name, userMetadata }: LookedUpJob, outcome: NonNullable<Outcome>, now: number): WireEvent {
  const wire = { version: 'v1', timestamp: new Date(now).toISOString(), ...outcome }
  if (userMetadata === undefined || !isEnd(wire)) return wire
  try {
    const event = { ...wire, user_metadata: JSON.parse(userMetadata) }
    parseEvent(JSON.stringify(event))
    return event
  } catch (error) {
    return { ...wire, ...giveUp(name, toRefusal(error)) }
  }
}

/** Why no receiver accepts an event. */
export function toRefusal(error: unknown): string {
  const why = 'no receiver accepts its event'
  // The message of any other error may quote the metadata.
  return error instanceof WebhookError ? `${why}: ${error.message}` : why
}

function giveUp(name: string, why: string) {
  return { type: GIVEN_UP, data: { id: name, error_message: why } }
}

async function lookUpInTime(job: LookedUpJob, deps: LookupDeps): Promise<Outcome> {
  const { client, clock, lookupTimeoutMs: ms, signal } = deps
  const { name } = job
  const age = clock.now() - job.createdAt
  const isOld = age >= deps.giveUpAfterMs && job.lookups >= LEAST_LOOKUPS
  const late = () => new LookUpTimeout(name, ms)
  signal?.throwIfAborted()
  const request = new AbortController()
  try {
    const step = lookUp(name, client, request.signal)
    const outcome = await within(step, { ms, clock, late, ...(signal && { signal }) })
    deps.untracked?.delete(job.id)
    return outcome ?? (isOld ? giveUp(name, 'it still runs') : undefined)
  } catch (error) {
    if (error instanceof ResultError) {
      if (deps.untracked?.has(job.id) ? job.lookups === 0 : age < UNKNOWN_AT_FIRST_MS) return undefined
      deps.untracked?.delete(job.id)
      return { type: NOT_FOUND, data: { id: name } }
    }
    if (isOld && isAnswer(error)) return giveUp(name, error.message)
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
