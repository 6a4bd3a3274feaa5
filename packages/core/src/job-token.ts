export { createJobToken, JOB_TOKEN_FIELD } from './lib/job-token.ts'
