import { readTrouble } from '../faults/rule-schema.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields, isFields, oneOf, optionalText } from '../http/fields.ts'
import type { JobKind } from '../shared/job-kind.ts'
import type { FunctionCall, JobError, Outcome, OutcomeName } from '../shared/scenario.ts'

/** An outcome as the job's API and its event name it. */
export interface OutcomeInfo {
  /** The state in the job's own API. */
  readonly state: string
  /** The event that announces it; none when Google documents none. */
  readonly eventType?: string
}

/**
 * The outcomes of each kind of job. The catalogue (https://ai.google.dev/gemini-api/docs/webhooks) has no event for
 * a video that fails, and none of their own for `incomplete` and `budget_exceeded`: that these are announced as
 * completed is our choice.
 */
const OUTCOMES: Record<JobKind, Partial<Record<OutcomeName, OutcomeInfo>>> = {
  batch: {
    succeeded: { state: 'BATCH_STATE_SUCCEEDED', eventType: 'batch.succeeded' },
    failed: { state: 'BATCH_STATE_FAILED', eventType: 'batch.failed' },
    expired: { state: 'BATCH_STATE_EXPIRED', eventType: 'batch.expired' },
    cancelled: { state: 'BATCH_STATE_CANCELLED', eventType: 'batch.cancelled' },
  },
  interaction: {
    succeeded: { state: 'completed', eventType: 'interaction.completed' },
    failed: { state: 'failed', eventType: 'interaction.failed' },
    requires_action: { state: 'requires_action', eventType: 'interaction.requires_action' },
    cancelled: { state: 'cancelled', eventType: 'interaction.cancelled' },
    incomplete: { state: 'incomplete', eventType: 'interaction.completed' },
    budget_exceeded: { state: 'budget_exceeded', eventType: 'interaction.completed' },
  },
  video: {
    succeeded: { state: 'succeeded', eventType: 'video.generated' },
    failed: { state: 'failed' },
    filtered: { state: 'filtered', eventType: 'video.generated' },
  },
}

/** How an outcome is named for a kind of job, or `undefined` when such a job cannot end that way. */
export function outcomeOf(kind: JobKind, name: OutcomeName): OutcomeInfo | undefined {
  return OUTCOMES[kind][name]
}

/** The outcome that an event announces for a kind of job, or `undefined` when it announces none of them. */
export function outcomeNamed(kind: JobKind, eventType: string): OutcomeName | undefined {
  return outcomesOf(kind).find((name) => OUTCOMES[kind][name]!.eventType === eventType)
}

/** The outcomes a kind of job can have. */
export function outcomesOf(kind: JobKind): readonly OutcomeName[] {
  return Object.keys(OUTCOMES[kind]) as OutcomeName[]
}

const EVERY_OUTCOME = [...new Set(Object.values(OUTCOMES).flatMap(Object.keys))] as OutcomeName[]

// https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
const RPC_CODES = [
  'ok',
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
]

/** The name of a `google.rpc.Code`, as the interactions family writes its codes. */
export function rpcCodeName(code: number): string {
  return RPC_CODES[code] ?? 'unknown'
}

const INTERNAL: JobError = { code: 13, message: 'Internal error encountered.' }

/** The error of a job: the one its outcome names, a default one where it needs one, or none when it succeeds. */
export function errorOf({ outcome = 'succeeded', error }: Outcome): JobError | undefined {
  // Of a batch that succeeds, it is the error of single requests.
  if (outcome === 'succeeded') return undefined
  return error ?? (outcome === 'failed' ? INTERNAL : undefined)
}

const OUTCOME_FIELDS = ['outcome', 'output', 'error', 'requiresAction', 'failedRequests', 'webhooks']

/** Reads an outcome from JSON or from code; with a `kind`, one that such a job can have. */
export function readOutcome(fields: Fields, kind?: JobKind): Outcome {
  checkKnown(fields, OUTCOME_FIELDS)
  const { outcome, output, error, requiresAction, failedRequests, webhooks } = fields
  const names = kind === undefined ? EVERY_OUTCOME : outcomesOf(kind)
  return {
    ...(outcome !== undefined && { outcome: oneOf('outcome', outcome, names) }),
    ...(output !== undefined && { output: optionalText('output', output)! }),
    ...(error !== undefined && { error: readError(error) }),
    ...(requiresAction !== undefined && { requiresAction: list('requiresAction', requiresAction, readCall) }),
    ...(failedRequests !== undefined && {
      failedRequests: list('failedRequests', failedRequests, readIndex),
    }),
    ...(webhooks !== undefined && { webhooks: readTrouble('webhooks', webhooks) }),
  }
}

/** Reads the error of a job. */
export function readError(value: unknown): JobError {
  const { code, message } = isFields(value) ? value : {}
  if (typeof code === 'number' && typeof message === 'string') return { code, message }
  throw new RequestFault('invalid_request', "'error' must have a number as 'code' and a text as 'message'.")
}

function readCall(value: unknown): FunctionCall {
  const { name, arguments: given } = isFields(value) ? value : {}
  if (typeof name === 'string' && (given === undefined || isFields(given))) {
    return { name, ...(given && { arguments: given }) }
  }
  throw new RequestFault(
    'invalid_request',
    "'requiresAction' must list objects with a 'name' and perhaps 'arguments'.",
  )
}

function readIndex(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new RequestFault('invalid_request', "'failedRequests' must list indexes from 0.")
}

function list<Item>(name: string, value: unknown, read: (item: unknown) => Item): Item[] {
  if (Array.isArray(value)) return value.map(read)
  throw new RequestFault('invalid_request', `'${name}' must be a list.`)
}
