export { createJobToken, JOB_TOKEN_FIELD } from './lib/jobs/job-token.ts'
