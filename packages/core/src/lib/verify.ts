import { toRawBody } from './body.ts'
import { chain, type Eventually } from './eventually.ts'
import { type DeliveryHeaders, type HeadersLike, readHeaders } from './headers.ts'
import { checkNames, wholeNumber } from './options.ts'
import { isRefusal, type Refusal, refuse, toError } from './refusal.ts'
import { checkWindow } from './replay-window.ts'
import { createSchemes, type Proof, type Scheme, type SchemeOptions } from './schemes.ts'
import type { ConfigWarning } from './secrets.ts'
import { parseSignatures, type Signatures } from './signature-header.ts'

/** What a delivery is verified against. */
export interface VerifyOptions extends SchemeOptions {
  /** The present in epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** A delivery proven to come from the sender, unaltered and fresh. */
export interface VerifiedDelivery {
  /** `webhook-id`; the same on every attempt of the sender. */
  id: string
  /** `webhook-timestamp` of this attempt, in unix seconds. */
  timestamp: number
  scheme: 'static' | 'dynamic'
  /** Which secret or public key matched: `whsec_...` and its last four characters, or the key's `kid`. */
  keyId?: string
  /** The bytes the signature covers. */
  body: Uint8Array
  /** Only for deliveries with a JSON Web Token, which covers neither `id` nor `timestamp`. */
  jwt?: {
    /** Whether the token vouches for `body`; if not, anybody may have written it. */
    bodyBound: boolean
  }
}

/** A delivery whose headers are well-formed; nothing about it is proven yet. */
export interface Admission {
  headers: DeliveryHeaders
  signatures: Signatures
}

/** What verification needs to know, ready for use. */
export interface Verifier {
  schemes: readonly Scheme[]
  toleranceSeconds: number
  now: () => number
}

const NAMES = ['secrets', 'format', 'jwks', 'jwt', 'toleranceSeconds', 'now', 'fetch']

/** @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed` */
export function createVerifier(options: VerifyOptions, warn?: (warning: ConfigWarning) => void): Verifier {
  checkNames(options, NAMES, 'verification')
  const toleranceSeconds = wholeNumber('toleranceSeconds', options.toleranceSeconds, 300)
  const schemes = createSchemes(options, toleranceSeconds, warn)
  return { schemes, toleranceSeconds, now: options.now ?? Date.now }
}

/** The first half of verification: everything that needs no body and no key. `anyTime` leaves the window out. */
export function admit(verifier: Verifier, given: HeadersLike, anyTime = false): Admission | Refusal {
  const headers = readHeaders(given)
  if (isRefusal(headers)) return headers
  const stale = checkWindow(headers.timestamp, verifier.now(), verifier.toleranceSeconds)
  if (stale && !(anyTime && isUntimely(stale))) return stale
  const signatures = parseSignatures(headers.signature)
  return isRefusal(signatures) ? signatures : { headers, signatures }
}

/** The second half: whether one of the schemes proves the bytes. `passive` never fetches keys. */
export function prove(
  verifier: Verifier,
  admission: Admission,
  body: Uint8Array,
  passive = false,
): Eventually<VerifiedDelivery | Refusal> {
  return tryScheme(verifier, 0, admission, body, passive, NO_SCHEME)
}

/** Whether a delivery was refused for its time alone. */
export function isUntimely({ refused }: Refusal): boolean {
  return refused === 'timestamp_too_old' || refused === 'timestamp_too_new'
}

const NO_BODY = refuse('raw_body_required', 'body must be the bytes as received')
const NO_SCHEME = refuse('scheme_unsupported', 'webhook-signature has no entry of a configured scheme')
const NO_MATCH = refuse('signature_invalid', 'no signature matches any configured key')

/** The first scheme that proves the delivery; otherwise the last that had an entry says why not. */
function tryScheme(
  verifier: Verifier,
  index: number,
  admission: Admission,
  body: Uint8Array,
  passive: boolean,
  failure: Refusal,
): Eventually<VerifiedDelivery | Refusal> {
  const scheme = verifier.schemes[index]
  if (!scheme) return failure
  const { headers, signatures } = admission
  const entries = signatures[scheme.entries]
  if (entries.length === 0) return tryScheme(verifier, index + 1, admission, body, passive, failure)
  const content = { id: headers.id, timestamp: headers.timestamp, body }
  const proof = scheme.prove(content, entries, { now: verifier.now, passive })
  return chain(proof, (proof) =>
    proof && !isRefusal(proof)
      ? toVerified(headers, proof, body)
      : tryScheme(verifier, index + 1, admission, body, passive, proof ?? NO_MATCH),
  )
}

function toVerified({ id, timestamp }: DeliveryHeaders, proof: Proof, body: Uint8Array): VerifiedDelivery {
  const { scheme, keyId, jwt } = proof
  const verified = { id, timestamp: Number(timestamp), scheme, keyId, body }
  return jwt ? { ...verified, jwt } : verified
}

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
  const verifier = verifierFor(options)
  const body = toRawBody(delivery.body) ?? NO_BODY
  if (isRefusal(body)) throw toError(body)
  const admission = admit(verifier, delivery.headers)
  if (isRefusal(admission)) throw toError(admission)
  const outcome = prove(verifier, admission, body)
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

function verifierFor(options: VerifyOptions): Verifier {
  checkNames(options, NAMES, 'verifyWebhook()')
  const index = kept.findIndex((candidate) => isSame(candidate.options, options))
  let found = kept[index]
  if (index > 0) kept.unshift(...kept.splice(index, 1))
  if (!found) {
    const toleranceSeconds = wholeNumber('toleranceSeconds', options.toleranceSeconds, 300)
    found = { options: copy(options), toleranceSeconds, schemes: createSchemes(options, toleranceSeconds) }
    if (kept.unshift(found) > MAX_KEPT) kept.pop()
  }
  const { schemes, toleranceSeconds } = found
  return { schemes, toleranceSeconds, now: options.now ?? Date.now }
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
