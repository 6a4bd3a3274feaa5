import type { WebhookEvent } from '../events/event-types.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { onDemand } from '../shared/on-demand.ts'
import { checkFunction, invalid } from '../shared/options.ts'
import type { Refusal } from '../shared/refusal.ts'
import type { VerifiedDelivery } from '../verify/verify.ts'
import { JOB_TOKEN_FIELD } from './hide-job-token.ts'
import { checkJobKeys, type JobKeySource } from './job-keys.ts'
import type { JobTokenSettings } from './job-token.ts'

/**
 * Which dynamic deliveries to accept. A valid signature only shows that Google sent the message, and anyone with a Gemini
 * key can have Google send messages here. Exactly one of the three options is required.
 */
export interface JobAuthorization {
  /**
   * Accept only jobs whose metadata has a token signed with one of these keys, each of at least 32 characters. A
   * function is called when keys are first needed, and again when none matches a token, at most six times in a minute.
   */
  jobKey?: JobKeySource
  /** Accept only deliveries for which this returns `true`. */
  authorize?: (event: WebhookEvent, delivery: VerifiedDelivery) => MaybePromise<boolean>
  /** Accept the jobs of every Gemini customer. */
  allowAnyJob?: true
}

/** Decides whether to accept a verified dynamic delivery. */
export interface JobAuthorizer {
  (event: WebhookEvent, delivery: VerifiedDelivery): MaybePromise<boolean | Refusal>
  /** Loads the code that the first call would load, and calls nothing. `undefined` if all code is loaded. */
  load?: () => MaybePromise<unknown>
}

/**
 * Creates the authorizer for the chosen option.
 *
 * @returns `undefined` if any job is allowed
 * @throws WebhookConfigError `option_invalid` unless exactly one way is chosen
 */
export function createAuthorizer(
  options: JobAuthorization,
  settings: Omit<JobTokenSettings, 'jobKey'>,
): JobAuthorizer | undefined {
  const { jobKey, authorize, allowAnyJob } = options
  const chosen = [jobKey, authorize, allowAnyJob].filter((choice) => choice !== undefined)
  if (chosen.length !== 1 || (allowAnyJob !== undefined && allowAnyJob !== true)) {
    throw invalid(
      'dynamic needs exactly one of jobKey, authorize and allowAnyJob: true; is GWH_JOB_KEY not set?',
    )
  }
  if (authorize !== undefined) {
    checkFunction('dynamic.authorize', authorize)
    // Compared with `true`, because an untyped function may return any truthy value.
    return async (event, delivery) => (await authorize(event, delivery)) === true
  }
  if (jobKey === undefined) return undefined
  const keys = typeof jobKey === 'function' ? jobKey : checkJobKeys(jobKey)
  const load = onDemand(
    () => import('./job-token.ts'),
    ({ createJobTokenVerifier }) => createJobTokenVerifier({ ...settings, jobKey: keys }),
  )
  const authorizer: JobAuthorizer = (event) =>
    mapMaybe(load(), (verifyToken) => verifyToken(event.userMetadata[JOB_TOKEN_FIELD]))
  authorizer.load = load
  return authorizer
}
