/**
 * Job tokens mark the jobs you started, so that a receiver accepts dynamic webhooks only for those.
 *
 * @module
 */

export {
  createJobToken,
  JOB_TOKEN_FIELD,
  type JobKeySource,
  type JobKeyTexts,
} from './lib/jobs/job-token.ts'
