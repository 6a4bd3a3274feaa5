import { invalid } from '../shared/options.ts'

/** Job keys, newest first, each of at least 32 characters. */
export type JobKeyTexts = string | readonly string[]

/** Job keys, or a function that returns them, so that they rotate without a restart. */
export type JobKeySource = JobKeyTexts | (() => JobKeyTexts | Promise<JobKeyTexts>)

const SHORTEST_KEY = 32

/**
 * Returns a copy of the job keys as a list.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkJobKeys(jobKey: JobKeyTexts): readonly string[] {
  // Untyped callers may pass an unset variable.
  const keys = Array.isArray(jobKey) ? [...jobKey] : [jobKey]
  if (keys.length === 0 || keys.some((key) => typeof key !== 'string' || key.length < SHORTEST_KEY)) {
    throw invalid(`jobKey must have at least ${SHORTEST_KEY} characters`)
  }
  return keys
}
