import { RequestFault } from '../http/faults.ts'
import { EmulatorError } from '../shared/errors.ts'
import type { Outcome } from '../shared/scenario.ts'
import type { JobEnd, JobFailure } from './job.ts'
import { errorOf } from './outcomes.ts'

/** How a job ends, and what it has to show. */
export interface Produced {
  readonly outcome: Outcome
  readonly result?: unknown
}

/** Makes the end of a job that ends now. */
export function endOf({ outcome, result }: Produced, at: number): JobEnd<unknown> {
  const error = errorOf(outcome)
  return {
    at,
    outcome: outcome.outcome ?? 'succeeded',
    ...(error && { error }),
    ...(result !== undefined && { result }),
  }
}

/** The end of a job that failed. */
export function failed({ code, message }: JobFailure): Produced {
  return { outcome: { outcome: 'failed', error: { code, message } } }
}

/** Whether a failure to end a job is over once there is room: on the disk, or among the deliveries. */
export function isPassing(error: unknown): boolean {
  return error instanceof EmulatorError || (error instanceof RequestFault && error.code === 'limit_exceeded')
}
