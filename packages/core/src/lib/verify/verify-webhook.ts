import type { Scheme } from '../schemes/scheme.ts'
import { copyOptions, createLazySchemes, orThrow } from './verifier.ts'
import { type DeliveryLike, type VerifiedDelivery, verifyDelivery } from './verify.ts'
import { checkVerifyOptions, type VerifyOptions } from './verify-options.ts'

/**
 * Verifies one delivery: headers, replay window, then the signature over the raw body bytes.
 *
 * For many deliveries use `createVerifier`. Calls with equal options share imported keys and the cache of a `jwks` URL;
 * the last sixteen sets of options are cached. A function for `secrets` is called every time.
 *
 * @returns The verified delivery, with its body as bytes
 * @throws WebhookVerificationError The delivery does not verify; `code` says which check failed
 * @throws WebhookUnavailableError `jwks_unavailable`, `secret_unavailable`
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 * @throws WebhookError `raw_body_required` if the body is neither bytes nor a string
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
  const outcome = verifyDelivery({ schemes, toleranceSeconds, now }, delivery)
  // Awaited only if it is a promise, to save a turn of the event loop.
  return orThrow(outcome instanceof Promise ? await outcome : outcome)
}

interface Prepared {
  schemes: readonly Scheme[]
  /** The `fetch` of the latest call, because inline options have a new function in each call. */
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
  // Moved to the end, so that the least recently used entry is dropped first.
  prepared.delete(key)
  prepared.set(key, known)
  if (prepared.size > MAX_PREPARED) prepared.delete(prepared.keys().next().value!)
  return known.schemes
}

function prepare(options: VerifyOptions, toleranceSeconds: number, first: typeof fetch): Prepared {
  const { now: _, ...rest } = options
  const latest = ((...request) => made.fetch(...request)) as typeof fetch
  const schemes = createLazySchemes({ ...copyOptions(rest), fetch: latest }, toleranceSeconds)
  const made: Prepared = { schemes, fetch: first }
  return made
}

/** Returns a cache key for the options; `undefined` if they contain a function or a cache of the caller. */
function toKey(options: VerifyOptions): string | undefined {
  const { secrets, format, jwks, jwt, allowEmulator, toleranceSeconds } = options
  // Fast path for the usual case. A secret cannot be mistaken for a JSON array.
  if (typeof secrets === 'string' && secrets.startsWith('whsec_') && jwks === undefined && !format)
    return secrets
  if (typeof secrets === 'function' || (typeof jwks === 'object' && 'reload' in jwks)) return undefined
  try {
    return JSON.stringify([secrets, format, jwks, jwt, allowEmulator, toleranceSeconds])
  } catch {
    return undefined
  }
}
