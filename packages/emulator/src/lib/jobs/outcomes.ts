import type { JobKind } from '../shared/signals.ts'

/** How a job can end. Not every kind of job can end in every way. */
export type OutcomeName =
  | 'succeeded'
  | 'failed'
  | 'expired'
  | 'cancelled'
  | 'requires_action'
  | 'incomplete'
  | 'budget_exceeded'
  | 'filtered'

/** Why a job, or one request of a batch, failed: a `google.rpc.Code` and a message. */
export interface JobError {
  readonly code: number
  readonly message: string
}

/** How a job is to end, and what it then has to show. */
export interface Outcome {
  /** Default `succeeded`. */
  readonly outcome?: OutcomeName
  /** The text of every answer; default an echo of the prompt. */
  readonly output?: string
  /** Why it failed; default code 13 (`INTERNAL`). */
  readonly error?: JobError
}

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

/** The outcomes a kind of job can have. */
export function outcomesOf(kind: JobKind): readonly OutcomeName[] {
  return Object.keys(OUTCOMES[kind]) as OutcomeName[]
}

const INTERNAL: JobError = { code: 13, message: 'Internal error encountered.' }

/** The error of an outcome: the one it names, a default one where it needs one, or none. */
export function errorOf({ outcome, error }: Outcome): JobError | undefined {
  return error ?? (outcome === 'failed' ? INTERNAL : undefined)
}
