import { toRawBody } from '../http/body.ts'
import type { HeadersLike } from '../http/headers.ts'
import { createSchemes, type DynamicSchemes, type Scheme } from '../schemes/scheme.ts'
import type { MaybePromise } from '../shared/maybe-promise.ts'
import { checkNames, wholeNumber } from '../shared/options.ts'
import { isRefusal, refuse, toError } from '../shared/refusal.ts'
import {
  parseHeaders,
  VERIFY_NAMES,
  type VerifiedDelivery,
  type Verifier,
  type VerifyOptions,
  verifySignatures,
} from './verify.ts'

const NO_BODY = refuse('raw_body_required', 'body must be the bytes as received')

/**
 * Verifies one delivery: headers, replay window, then the signature over the raw body bytes.
 *
 * For a URL in `jwks` prefer `createJwks`, whose cache outlives the call.
 *
 * @returns The delivery, proven; its body is still bytes
 * @throws WebhookVerificationError The delivery is not proven; `code` says which check failed
 * @throws WebhookUnavailableError `jwks_unavailable`
 * @throws WebhookConfigError An option is missing or wrong
 * @throws WebhookError `raw_body_required` when the body is not the bytes or text that were received
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @example
 * ```ts
 * const delivery = await verifyWebhook({ headers, body }, { secrets: env.GEMINI_WEBHOOK_SECRET })
 * const event = parseEvent(delivery.body)
 * ```
 */
export async function verifyWebhook(
  delivery: { headers: HeadersLike; body: Uint8Array | string },
  options: VerifyOptions,
): Promise<VerifiedDelivery> {
  const found = verifierFor(options)
  const verifier = found instanceof Promise ? await found : found
  const body = toRawBody(delivery.body) ?? NO_BODY
  if (isRefusal(body)) throw toError(body)
  const parsed = parseHeaders(verifier, delivery.headers)
  if (isRefusal(parsed)) throw toError(parsed)
  const outcome = verifySignatures(verifier, parsed, body)
  // Not awaited when it is there already: that would cost a turn.
  const settled = outcome instanceof Promise ? await outcome : outcome
  if (isRefusal(settled)) throw toError(settled)
  return settled
}

interface KeptSchemes {
  options: VerifyOptions
  toleranceSeconds: number
  schemes: Scheme[]
}

// Importing keys costs more than verifying with them, and a key set wants a cache that outlives one call. What
// was made for earlier calls is found by what the options say: callers write them inline.
const kept: KeptSchemes[] = []
const MAX_KEPT = 16

function verifierFor(options: VerifyOptions): MaybePromise<Verifier> {
  checkNames(options, VERIFY_NAMES, 'verifyWebhook()')
  const index = kept.findIndex((candidate) => isSame(candidate.options, options))
  if (index > 0) kept.unshift(...kept.splice(index, 1))
  if (index !== -1) return toVerifier(kept[0]!, options)
  if (options.jwks === undefined || dynamicSchemes) return keep(options, dynamicSchemes)
  // Loaded when somebody asks for it, so that verifying static webhooks alone stays small. Then from the start
  // again: of many first calls at once, the first makes the cache they all use.
  return import('../schemes/dynamic-schemes.ts').then(({ createDynamicSchemes }) => {
    dynamicSchemes = createDynamicSchemes
    return verifierFor(options)
  })
}

let dynamicSchemes: DynamicSchemes | undefined

function keep(options: VerifyOptions, toDynamic: DynamicSchemes | undefined): Verifier {
  const toleranceSeconds = wholeNumber('toleranceSeconds', options.toleranceSeconds, 300)
  const schemes = createSchemes(options, toleranceSeconds, toDynamic)
  const made = { options: copy(options), toleranceSeconds, schemes }
  if (kept.unshift(made) > MAX_KEPT) kept.pop()
  return toVerifier(made, options)
}

function toVerifier({ schemes, toleranceSeconds }: KeptSchemes, { now = Date.now }: VerifyOptions): Verifier {
  return { schemes, toleranceSeconds, now }
}

function copy(options: VerifyOptions): VerifyOptions {
  const { secrets } = options
  return { ...options, ...(typeof secrets === 'object' && { secrets: [...secrets] }) }
}

function isSame(a: VerifyOptions, b: VerifyOptions): boolean {
  return (
    isSameList(a.secrets, b.secrets) &&
    toIdentity(a.jwks) === toIdentity(b.jwks) &&
    a.fetch === b.fetch &&
    a.format === b.format &&
    a.toleranceSeconds === b.toleranceSeconds &&
    // As a whole: a member nobody knows must be found wanting, not taken for options that were good before.
    (a.jwt === b.jwt || JSON.stringify(a.jwt) === JSON.stringify(b.jwt))
  )
}

function toIdentity(jwks: VerifyOptions['jwks']): unknown {
  return jwks instanceof URL ? jwks.href : jwks
}

function isSameList(a: VerifyOptions['secrets'], b: VerifyOptions['secrets']): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  return a.length === b.length && a.every((secret, index) => secret === b[index])
}
