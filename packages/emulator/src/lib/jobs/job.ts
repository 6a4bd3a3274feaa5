import type { Fields, WebhookConfig } from '../http/fields.ts'
import type { JobKind } from '../shared/job-kind.ts'
import type { JobError, Outcome, OutcomeName } from '../shared/scenario.ts'

/** A job as it is stored. What it was asked to do and what came of it depends on its kind. */
export interface JobRecord<Kind extends JobKind, Input, Result> {
  /** `batches/<id>`, an interaction's id, or `models/<model>/operations/<id>`, as events name it. */
  readonly id: string
  readonly kind: Kind
  /** `models/<model>`, or the agent of an interaction. */
  readonly model?: string | undefined
  /** Where the job's own events go, and what they carry. */
  readonly config: WebhookConfig
  /** Epoch milliseconds of the emulator's clock. */
  readonly createdAt: number
  /** When it ends, unless it is ended earlier. */
  readonly dueAt: number
  /** How it ends then; decided at its creation. */
  readonly planned: Outcome
  readonly input: Input
  /** How it ended; absent while it runs. */
  readonly end?: JobEnd<Result>
}

/** What an API says of a job it creates; when and how the job ends is decided elsewhere. */
export type JobDraft<Job extends AnyJob> = Pick<Job, 'id' | 'kind' | 'model' | 'config' | 'input'>

/** The end of a job. */
export interface JobEnd<Result> {
  /** Epoch milliseconds of the emulator's clock. */
  readonly at: number
  readonly outcome: OutcomeName
  /** Why it failed. */
  readonly error?: JobError
  /** What a job that went well has to show. */
  readonly result?: Result
}

/** Thrown while a result is worked out: ends the job as failed, with this error. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure'
  /** A `google.rpc.Code`. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** What one kind of job does at its end; each API provides it for its kind. */
export interface JobType<Job extends AnyJob> {
  /** Works out the result, as it will be stored. Called for every outcome; `undefined` when there is none. */
  produce(job: Job, outcome: Outcome): Promise<ResultOf<Job> | undefined> | ResultOf<Job> | undefined
  /** Fields of the event's `data` besides the id and the error. */
  eventData(job: Job): Fields
}

/** A job of any kind. */
export type AnyJob = JobRecord<JobKind, unknown, unknown>

type ResultOf<Job extends AnyJob> = NonNullable<NonNullable<Job['end']>['result']>
