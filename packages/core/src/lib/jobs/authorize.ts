import type { WebhookEvent } from '../events/event-types.ts'
import { WebhookConfigError } from '../shared/errors.ts'
import type { MaybePromise } from '../shared/maybe-promise.ts'
import type { VerifiedDelivery } from '../verify/verify.ts'
import { createJobTokenVerifier, JOB_TOKEN_FIELD } from './job-token.ts'

/**
 * Which dynamic deliveries are ours. A valid signature says that Google sent the message to somebody; anybody
 * with a Gemini key can have it sent here. One of the three must be chosen.
 */
export interface JobAuthorization {
  /** Accept only jobs whose metadata carries a token made with one of these keys, 32 characters or longer each. */
  jobKey?: string | readonly string[]
  /** Accept what this says `true` to. */
  authorize?: (event: WebhookEvent, delivery: VerifiedDelivery) => MaybePromise<boolean>
  /** Accept every job of every Gemini customer. */
  allowAnyJob?: true
}

/** Says whether a verified dynamic delivery is about a job of ours. */
export type JobAuthorizer = (event: WebhookEvent, delivery: VerifiedDelivery) => MaybePromise<boolean>

/**
 * @returns `undefined` where any job is allowed
 * @throws WebhookConfigError `option_invalid` unless exactly one way is chosen
 */
export function createAuthorizer(
  options: JobAuthorization,
  endpoint: string,
  now: () => number,
): JobAuthorizer | undefined {
  const { jobKey, authorize, allowAnyJob } = options
  const chosen = [jobKey, authorize, allowAnyJob].filter((choice) => choice !== undefined)
  if (chosen.length !== 1 || (allowAnyJob !== undefined && allowAnyJob !== true)) {
    throw new WebhookConfigError(
      'option_invalid',
      'dynamic needs exactly one of jobKey, authorize and allowAnyJob: true',
    )
  }
  if (authorize !== undefined) {
    if (typeof authorize === 'function') return authorize
    throw new WebhookConfigError('option_invalid', 'dynamic.authorize is a function')
  }
  if (jobKey === undefined) return undefined
  const verifyToken = createJobTokenVerifier({ jobKey, endpoint, now })
  return (event) => verifyToken(event.userMetadata[JOB_TOKEN_FIELD])
}
