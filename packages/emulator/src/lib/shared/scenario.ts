import type { DeliveryTrouble } from './fault-types.ts'
import type { JobKind } from './job-kind.ts'

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
  /** The functions an interaction that ends in `requires_action` wants called; default one named `echo`. */
  readonly requiresAction?: readonly FunctionCall[]
  /** Requests of a batch that fail while the others succeed, by their index from 0. */
  readonly failedRequests?: readonly number[]
  /** What goes wrong with the deliveries of its event; default nothing. */
  readonly webhooks?: DeliveryTrouble
}

/** A function that the model wants called. */
export interface FunctionCall {
  readonly name: string
  readonly arguments?: Readonly<Record<string, unknown>>
}

/** Which jobs a scenario is for; a job must match everything that is given. */
export interface ScenarioMatch {
  readonly kind?: JobKind
  /** With or without `models/`; a `*` at the end stands for any rest. An interaction's agent counts as its model. */
  readonly model?: string
  /** Entries that the job's `user_metadata` must have, among others. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** How matching jobs end, and when. */
export interface ScenarioOutcome extends Outcome {
  /** Milliseconds from the job's creation to its end; default the emulator's `jobs` option. */
  readonly afterMs?: number
}

/** Decides how jobs end. */
export interface Scenario {
  /** Default: every job. */
  readonly when?: ScenarioMatch
  readonly then: ScenarioOutcome
  /** For how many jobs it holds; default all. */
  readonly times?: number
}
