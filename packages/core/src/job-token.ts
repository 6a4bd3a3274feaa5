/**
 * Job tokens: proof that a dynamic webhook is about a job you started.
 *
 * @module
 */

export {
  createJobToken,
  JOB_TOKEN_FIELD,
  type JobKeySource,
  type JobKeyTexts,
} from './lib/jobs/job-token.ts'
