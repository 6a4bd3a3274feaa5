import { toRawBody } from '../http/body.ts'
import { type DeliveryHeaders, type HeadersLike, readHeaders } from '../http/headers.ts'
import type { Scheme, SignatureMatch } from '../schemes/scheme.ts'
import { parseSignatures, type Signatures } from '../schemes/signature-header.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { checkWindow } from './replay-window.ts'

/** A delivery as received. */
export interface DeliveryLike {
  /** The request headers: a `Headers` object or a plain object. */
  headers: HeadersLike
  /** The body exactly as received. A string is encoded as UTF-8. */
  body: Uint8Array | string
}

/** A verified delivery: it comes from the sender, unaltered, and is within the replay window. */
export interface VerifiedDelivery {
  /** `webhook-id`, the same on every attempt of the sender. */
  id: string
  /** `webhook-timestamp` of this attempt, in unix seconds. */
  timestamp: number
  /** `static` for HMAC with a shared secret, `dynamic` for a public key of the JWKS. */
  scheme: 'static' | 'dynamic'
  /** Which secret or public key matched: `whsec_...` and its last four characters, or the key's `kid`. */
  keyId?: string
  /** The bytes the signature covers. */
  body: Uint8Array
  /** Only for JSON Web Tokens, which cover neither `id` nor `timestamp`. */
  jwt?: {
    /** Whether the token is bound to `body`. If not, anyone may have written the body. */
    bodyBound: boolean
  }
}

/** The parsed headers of a delivery, not yet verified. */
export interface ParsedHeaders {
  headers: DeliveryHeaders
  signatures: Signatures
}

/** Prepared verification options. */
export interface Verification {
  schemes: readonly Scheme[]
  toleranceSeconds: number
  now: () => number
}

const NO_BODY = refuse('raw_body_required', 'body must be the bytes as received')

/** Verifies one delivery, from its headers to its signature. */
export function verifyDelivery(
  verification: Verification,
  delivery: DeliveryLike,
): MaybePromise<VerifiedDelivery | Refusal> {
  // Untyped callers may pass anything.
  const { headers, body } = Object(delivery) as DeliveryLike
  const bytes = toRawBody(body) ?? NO_BODY
  if (isRefusal(bytes)) return bytes
  const parsed = parseHeaders(verification, headers)
  return isRefusal(parsed) ? parsed : verifySignatures(verification, parsed, bytes)
}

/** Parses the headers and checks the replay window, which `anyTime` skips. Needs neither body nor keys. */
export function parseHeaders(
  verification: Verification,
  given: HeadersLike,
  anyTime = false,
): ParsedHeaders | Refusal {
  const headers = readHeaders(given)
  if (isRefusal(headers)) return headers
  const stale = checkWindow(headers.timestamp, verification.now(), verification.toleranceSeconds)
  if (stale && !(anyTime && isUntimely(stale))) return stale
  const signatures = parseSignatures(headers.signature)
  return isRefusal(signatures) ? signatures : { headers, signatures }
}

/** Verifies the signatures. With `cachedOnly` it never fetches keys. */
export function verifySignatures(
  verification: Verification,
  parsed: ParsedHeaders,
  body: Uint8Array,
  cachedOnly = false,
): MaybePromise<VerifiedDelivery | Refusal> {
  return tryScheme(verification, 0, parsed, body, cachedOnly, NO_SCHEME)
}

/** Whether a delivery was refused because it is outside the replay window. */
export function isUntimely({ refused }: Refusal): boolean {
  return refused === 'timestamp_too_old' || refused === 'timestamp_too_new'
}

const NO_SCHEME = refuse('scheme_unsupported', 'webhook-signature has no entry of a configured scheme')
const NO_MATCH = refuse('signature_invalid', 'no signature matches any configured key')

/** Tries the schemes in order. If none matches, returns the refusal of the last one that has entries. */
function tryScheme(
  verification: Verification,
  index: number,
  parsed: ParsedHeaders,
  body: Uint8Array,
  cachedOnly: boolean,
  failure: Refusal,
): MaybePromise<VerifiedDelivery | Refusal> {
  const scheme = verification.schemes[index]
  if (!scheme) return failure
  const { headers, signatures } = parsed
  const entries = signatures[scheme.entries]
  if (entries.length === 0) return tryScheme(verification, index + 1, parsed, body, cachedOnly, failure)
  const content = { id: headers.id, timestamp: headers.timestamp, body }
  const next = (reason: Refusal) => tryScheme(verification, index + 1, parsed, body, cachedOnly, reason)
  return mapMaybe(scheme.verify(content, entries, { now: verification.now, cachedOnly }), (match) => {
    if (!match) return next(NO_MATCH)
    return isRefusal(match) ? next(match) : toVerified(headers, match, body)
  })
}

function toVerified(
  { id, timestamp }: DeliveryHeaders,
  match: SignatureMatch,
  body: Uint8Array,
): VerifiedDelivery {
  const { scheme, keyId, jwt } = match
  const verified = { id, timestamp: Number(timestamp), scheme, keyId, body }
  return jwt ? { ...verified, jwt } : verified
}
