import { createStaticSchemes, type DynamicSchemes, type Scheme } from '../schemes/scheme.ts'
import { systemClock } from '../shared/clock.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, type Refusal, toError } from '../shared/refusal.ts'
import { type DeliveryLike, type VerifiedDelivery, verifyDelivery } from './verify.ts'
import { checkVerifyOptions, type VerifyOptions } from './verify-options.ts'

/** Verifies deliveries with one set of options. */
export interface Verifier {
  /**
   * Verifies one delivery: headers, replay window, then the signature over the raw body bytes.
   *
   * @throws WebhookVerificationError The delivery is not proven; `code` says which check failed
   * @throws WebhookUnavailableError `jwks_unavailable`, `secret_unavailable`
   * @throws WebhookError `raw_body_required` when the body is neither bytes nor text
   */
  verify(delivery: DeliveryLike): Promise<VerifiedDelivery>
  /** Like `verify`, but returns the refusal as a value: `{ refused, message }`. Never rejects for a delivery. */
  check(delivery: DeliveryLike): Promise<VerifiedDelivery | Refusal>
}

/**
 * Creates a verifier, for code that verifies many deliveries without a receiver.
 *
 * Keys are imported once, and a key set behind a URL is cached across deliveries. The options are copied. What is
 * behind `jwks` is loaded with the first delivery; a key set in the options that has no usable key is
 * `option_invalid` then.
 *
 * @throws WebhookConfigError An option is missing or wrong
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @example
 * ```ts
 * const verifier = createVerifier({ secrets: env.GEMINI_WEBHOOK_SECRET })
 *
 * const outcome = await verifier.check({ headers, body })
 * if ('refused' in outcome) return new Response(null, { status: 401 })
 * const event = parseEvent(outcome.body)
 * ```
 */
export function createVerifier(options: VerifyOptions): Verifier {
  const toleranceSeconds = checkVerifyOptions(options, 'createVerifier()')
  const { now = Date.now } = options
  const schemes = createLazySchemes(copy(options), toleranceSeconds)
  const check = (delivery: DeliveryLike) =>
    mapMaybe(schemes(), (schemes) => verifyDelivery({ schemes, toleranceSeconds, now }, delivery))
  return {
    async verify(delivery) {
      const outcome = check(delivery)
      // Not awaited when it is there already: that would cost a turn.
      return orThrow(outcome instanceof Promise ? await outcome : outcome)
    },
    check: async (delivery) => check(delivery),
  }
}

/**
 * Schemes whose dynamic part is loaded when it is first used, so that verifying static webhooks alone stays small.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createLazySchemes(
  options: VerifyOptions,
  toleranceSeconds: number,
): () => MaybePromise<readonly Scheme[]> {
  const settings = { clock: { ...systemClock, now: options.now ?? systemClock.now }, warn: () => {} }
  const fixed = createStaticSchemes(options, settings)
  if (options.jwks === undefined) return () => fixed
  let all: readonly Scheme[] | undefined
  // Of many first deliveries at once, the first to get here makes the cache that all of them use.
  const complete = (toDynamic: DynamicSchemes) => {
    all ??= [...fixed, ...toDynamic(options, toleranceSeconds, { ...settings, clock: systemClock })]
    return all
  }
  return () => all ?? mapMaybe(loadDynamicSchemes(), complete)
}

let dynamicSchemes: DynamicSchemes | undefined

function loadDynamicSchemes(): MaybePromise<DynamicSchemes> {
  if (dynamicSchemes) return dynamicSchemes
  return import('../schemes/dynamic-schemes.ts').then(({ createDynamicSchemes }) => {
    dynamicSchemes = createDynamicSchemes
    return createDynamicSchemes
  })
}

/** The delivery; a refusal is thrown as the error that belongs to it. */
export function orThrow(outcome: VerifiedDelivery | Refusal): VerifiedDelivery {
  if (isRefusal(outcome)) throw toError(outcome)
  return outcome
}

/** The options as they are now: what is changed later in a list or key set must not count for some deliveries only. */
function copy(options: VerifyOptions): VerifyOptions {
  const { secrets, jwks } = options
  const keys: unknown = typeof jwks === 'object' && 'keys' in jwks ? jwks.keys : undefined
  return {
    ...options,
    ...(Array.isArray(secrets) && { secrets: [...secrets] }),
    ...(Array.isArray(keys) && { jwks: { keys: keys.map((key) => ({ ...key })) } }),
  }
}
