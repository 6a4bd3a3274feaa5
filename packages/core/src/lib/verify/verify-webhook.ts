import type { Scheme } from '../schemes/scheme.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { createLazySchemes, orThrow } from './verifier.ts'
import { type DeliveryLike, type VerifiedDelivery, verifyDelivery } from './verify.ts'
import { checkVerifyOptions, type VerifyOptions } from './verify-options.ts'

/**
 * Verifies one delivery: headers, replay window, then the signature over the raw body bytes.
 *
 * For many deliveries use `createVerifier`. The options are read anew with every call; calls whose options have the
 * same content share imported keys and the cache of a `jwks` URL, for the sixteen contents used last. A function for
 * `secrets` is called every time.
 *
 * @returns The verified delivery; its body is still bytes
 * @throws WebhookVerificationError The delivery is not proven; `code` says which check failed
 * @throws WebhookUnavailableError `jwks_unavailable`, `secret_unavailable`
 * @throws WebhookConfigError An option is missing or wrong
 * @throws WebhookError `raw_body_required` when the body is neither bytes nor text
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @example
 * ```ts
 * const delivery = await verifyWebhook({ headers, body }, { secrets: env.GEMINI_WEBHOOK_SECRET })
 * const event = parseEvent(delivery.body)
 * ```
 */
export async function verifyWebhook(
  delivery: DeliveryLike,
  options: VerifyOptions,
): Promise<VerifiedDelivery> {
  const toleranceSeconds = checkVerifyOptions(options, 'verifyWebhook()')
  const { now = Date.now } = options
  const schemes = schemesFor(options, toleranceSeconds)
  const outcome = mapMaybe(schemes(), (schemes) =>
    verifyDelivery({ schemes, toleranceSeconds, now }, delivery),
  )
  // Not awaited when it is there already: that would cost a turn.
  return orThrow(outcome instanceof Promise ? await outcome : outcome)
}

interface Prepared {
  schemes: () => MaybePromise<readonly Scheme[]>
  /** The `fetch` of the latest call: callers write options inline, each with a function of its own. */
  fetch: typeof fetch
}

const MAX_PREPARED = 16
const prepared = new Map<string, Prepared>()

function schemesFor(options: VerifyOptions, toleranceSeconds: number): Prepared['schemes'] {
  const key = toKey(options)
  if (key === undefined) return createLazySchemes(options, toleranceSeconds)
  const fetch = options.fetch ?? globalThis.fetch
  const known = prepared.get(key) ?? prepare(options, toleranceSeconds, fetch)
  known.fetch = fetch
  // Put back at the end, which is the last place to be dropped from.
  prepared.delete(key)
  prepared.set(key, known)
  if (prepared.size > MAX_PREPARED) prepared.delete(prepared.keys().next().value!)
  return known.schemes
}

function prepare(options: VerifyOptions, toleranceSeconds: number, first: typeof fetch): Prepared {
  const { now: _, ...rest } = options
  const latest = ((...request) => made.fetch(...request)) as typeof fetch
  const schemes = createLazySchemes({ ...rest, fetch: latest }, toleranceSeconds)
  const made: Prepared = { schemes, fetch: first }
  return made
}

/** The content of the options; `undefined` where a function or a cache of the caller's is part of it. */
function toKey(options: VerifyOptions): string | undefined {
  const { secrets, format, jwks, jwt, allowEmulator, toleranceSeconds } = options
  // The usual case, worth a short cut; no secret starts like a JSON list.
  if (typeof secrets === 'string' && secrets.startsWith('whsec_') && jwks === undefined && !format)
    return secrets
  if (typeof secrets === 'function' || (typeof jwks === 'object' && 'reload' in jwks)) return undefined
  try {
    return JSON.stringify([secrets, format, jwks, jwt, allowEmulator, toleranceSeconds])
  } catch {
    return undefined
  }
}
