/**
 * Job tokens mark the jobs you started, so that a receiver accepts dynamic webhooks only for those.
 *
 * @module
 */

export { JOB_TOKEN_FIELD } from './lib/jobs/hide-job-token.ts'
export type { JobKeySource, JobKeyTexts } from './lib/jobs/job-keys.ts'
export { createJobToken } from './lib/jobs/job-token.ts'
