import { createLazyDynamic } from '../schemes/lazy-dynamic.ts'
import { createStaticSchemes, type Scheme } from '../schemes/scheme.ts'
import { systemClock } from '../shared/clock.ts'
import { isRefusal, type Refusal, toError } from '../shared/refusal.ts'
import { type DeliveryLike, type VerifiedDelivery, verifyDelivery } from './verify.ts'
import { checkVerifyOptions, type VerifyOptions } from './verify-options.ts'

/** Verifies deliveries with one set of options. */
export interface Verifier {
  /**
   * Verifies one delivery: headers, replay window, then the signature over the raw body bytes.
   *
   * @throws WebhookVerificationError The delivery does not verify; `code` says which check failed
   * @throws WebhookUnavailableError `jwks_unavailable`, `secret_unavailable`
   * @throws WebhookError `raw_body_required` if the body is neither bytes nor a string
   */
  verify(delivery: DeliveryLike): Promise<VerifiedDelivery>
  /**
   * Like `verify`, but resolves to a refusal, `{ refused, code, status, message }`, instead of rejecting. A refusal has
   * the code, status and message of the error that `verify` throws, but no stack, which costs more than verification.
   */
  check(delivery: DeliveryLike): Promise<VerifiedDelivery | Refusal>
}

/**
 * Creates a verifier, for code that verifies many deliveries without a receiver.
 *
 * Keys are imported once, and the key set of a `jwks` URL is cached across deliveries. The options are copied. `jwks` is
 * read with the first dynamic delivery, which fails with `option_invalid` if a given key set has no usable key.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @example
 * ```ts
 * const verifier = createVerifier({ secrets: env.GEMINI_WEBHOOK_SECRET })
 *
 * const outcome = await verifier.check({ headers, body })
 * if ('refused' in outcome) return new Response(null, { status: outcome.status })
 * const event = parseEvent(outcome.body)
 * ```
 */
export function createVerifier(options: VerifyOptions): Verifier {
  const toleranceSeconds = checkVerifyOptions(options, 'createVerifier()')
  const { now = Date.now } = options
  const schemes = createLazySchemes(copyOptions(options), toleranceSeconds)
  const check = (delivery: DeliveryLike) => verifyDelivery({ schemes, toleranceSeconds, now }, delivery)
  return {
    async verify(delivery) {
      const outcome = check(delivery)
      // Awaited only if it is a promise, to save a turn of the event loop.
      return orThrow(outcome instanceof Promise ? await outcome : outcome)
    },
    check: async (delivery) => check(delivery),
  }
}

/**
 * Creates schemes whose dynamic part is loaded on first use.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createLazySchemes(options: VerifyOptions, toleranceSeconds: number): readonly Scheme[] {
  const settings = { clock: { ...systemClock, now: options.now ?? systemClock.now }, warn: () => {} }
  const fixed = createStaticSchemes(options, settings)
  if (options.jwks === undefined) return fixed
  const { schemes } = createLazyDynamic(options, toleranceSeconds, { ...settings, clock: systemClock })
  return [...fixed, ...schemes]
}

/** Returns the delivery, or throws the refusal as an error. */
export function orThrow(outcome: VerifiedDelivery | Refusal): VerifiedDelivery {
  if (isRefusal(outcome)) throw toError(outcome)
  return outcome
}

/** Copies the options, so that later changes to a list, key set, URL or object have no effect. */
export function copyOptions(options: VerifyOptions): VerifyOptions {
  const { secrets, jwks, jwt } = options
  const keys: unknown = typeof jwks === 'object' && 'keys' in jwks ? jwks.keys : undefined
  return {
    ...options,
    ...(Array.isArray(secrets) && { secrets: [...secrets] }),
    ...(Array.isArray(keys) && { jwks: { keys: keys.map((key) => ({ ...key })) } }),
    ...(jwks instanceof URL && { jwks: jwks.href }),
    ...(jwt && { jwt: { ...jwt } }),
  }
}
