import { toCause, WebhookError } from '@gwh/core/errors'
import type { JobLike } from '../shared/job-name.ts'

/**
 * No end of a job was found until `giveUpAfterMs`, and it is not looked up any more. Call `done` again to look it up again;
 * a webhook that comes after all goes to the handlers.
 */
export class JobGivenUpError extends WebhookError {
  /** The name of the job. */
  readonly job: string

  constructor(job: string, why: string) {
    super('job_given_up', `${job} was given up: ${why}`)
    this.job = job
  }
}

/** A job was created, but could not be tracked. The job runs; keep its name, and track it again. */
export class JobUntrackedError extends WebhookError {
  /** What the SDK's call returned. Not enumerable, because it may hold the token of the job. */
  readonly job: JobLike

  constructor(job: JobLike, name: string, cause: unknown) {
    const known = toCause(cause)
    super('job_untracked', `${name} was created, but could not be tracked: ${known.message}`, {
      cause: known,
    })
    this.job = job
    Object.defineProperty(this, 'job', { enumerable: false })
  }
}
