import type { WebhookEvent } from '../events/event-types.ts'
import type { MaybePromise } from '../shared/maybe-promise.ts'
import { checkFunction, invalid } from '../shared/options.ts'
import type { Refusal } from '../shared/refusal.ts'
import type { VerifiedDelivery } from '../verify/verify.ts'
import {
  createJobTokenVerifier,
  JOB_TOKEN_FIELD,
  type JobKeySource,
  type JobTokenSettings,
} from './job-token.ts'

/**
 * Which dynamic deliveries are ours. A valid signature proves that Google sent the message to someone; anyone with a
 * Gemini key can have messages sent here. Exactly one of the three is required.
 */
export interface JobAuthorization {
  /**
   * Accept only jobs whose metadata has a token made with one of these keys, 32 characters or longer each. A function
   * is called when keys are first needed, and again when none matches a token, at most every 30 seconds.
   */
  jobKey?: JobKeySource
  /** Accept the deliveries for which this returns `true`. */
  authorize?: (event: WebhookEvent, delivery: VerifiedDelivery) => MaybePromise<boolean>
  /** Accept every job of every Gemini customer. */
  allowAnyJob?: true
}

/** Decides whether a verified dynamic delivery is about a job of ours. */
export type JobAuthorizer = (
  event: WebhookEvent,
  delivery: VerifiedDelivery,
) => MaybePromise<boolean | Refusal>

/**
 * @returns `undefined` where any job is allowed
 * @throws WebhookConfigError `option_invalid` unless exactly one way is chosen
 */
export function createAuthorizer(
  options: JobAuthorization,
  settings: Omit<JobTokenSettings, 'jobKey'>,
): JobAuthorizer | undefined {
  const { jobKey, authorize, allowAnyJob } = options
  const chosen = [jobKey, authorize, allowAnyJob].filter((choice) => choice !== undefined)
  if (chosen.length !== 1 || (allowAnyJob !== undefined && allowAnyJob !== true)) {
    throw invalid('dynamic needs exactly one of jobKey, authorize and allowAnyJob: true')
  }
  if (authorize !== undefined) {
    checkFunction('dynamic.authorize', authorize)
    // Anything but `true` refuses, whatever an untyped rule returns.
    return async (event, delivery) => (await authorize(event, delivery)) === true
  }
  if (jobKey === undefined) return undefined
  const verifyToken = createJobTokenVerifier({ ...settings, jobKey })
  return (event) => verifyToken(event.userMetadata[JOB_TOKEN_FIELD])
}
