import { type DeliveryHeaders, type HeadersLike, readHeaders } from '../http/headers.ts'
import type { Scheme, SchemeOptions, SignatureMatch } from '../schemes/scheme.ts'
import { parseSignatures, type Signatures } from '../schemes/signature-header.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { checkWindow } from './replay-window.ts'

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
export interface ParsedHeaders {
  headers: DeliveryHeaders
  signatures: Signatures
}

/** What verification needs to know, ready for use. */
export interface Verifier {
  schemes: readonly Scheme[]
  toleranceSeconds: number
  now: () => number
}

/** The names of all options of verification. */
export const VERIFY_NAMES = ['secrets', 'format', 'jwks', 'jwt', 'toleranceSeconds', 'now', 'fetch']

/** The first half of verification: everything that needs no body and no key. `anyTime` leaves the window out. */
export function parseHeaders(
  verifier: Verifier,
  given: HeadersLike,
  anyTime = false,
): ParsedHeaders | Refusal {
  const headers = readHeaders(given)
  if (isRefusal(headers)) return headers
  const stale = checkWindow(headers.timestamp, verifier.now(), verifier.toleranceSeconds)
  if (stale && !(anyTime && isUntimely(stale))) return stale
  const signatures = parseSignatures(headers.signature)
  return isRefusal(signatures) ? signatures : { headers, signatures }
}

/** The second half: whether one of the schemes proves the bytes. `cachedOnly` never fetches keys. */
export function verifySignatures(
  verifier: Verifier,
  parsed: ParsedHeaders,
  body: Uint8Array,
  cachedOnly = false,
): MaybePromise<VerifiedDelivery | Refusal> {
  return tryScheme(verifier, 0, parsed, body, cachedOnly, NO_SCHEME)
}

/** Whether a delivery was refused for its time alone. */
export function isUntimely({ refused }: Refusal): boolean {
  return refused === 'timestamp_too_old' || refused === 'timestamp_too_new'
}

const NO_SCHEME = refuse('scheme_unsupported', 'webhook-signature has no entry of a configured scheme')
const NO_MATCH = refuse('signature_invalid', 'no signature matches any configured key')

/** The first scheme that proves the delivery; otherwise the last that had an entry says why not. */
function tryScheme(
  verifier: Verifier,
  index: number,
  parsed: ParsedHeaders,
  body: Uint8Array,
  cachedOnly: boolean,
  failure: Refusal,
): MaybePromise<VerifiedDelivery | Refusal> {
  const scheme = verifier.schemes[index]
  if (!scheme) return failure
  const { headers, signatures } = parsed
  const entries = signatures[scheme.entries]
  if (entries.length === 0) return tryScheme(verifier, index + 1, parsed, body, cachedOnly, failure)
  const content = { id: headers.id, timestamp: headers.timestamp, body }
  const next = (reason: Refusal) => tryScheme(verifier, index + 1, parsed, body, cachedOnly, reason)
  return mapMaybe(scheme.verify(content, entries, { now: verifier.now, cachedOnly }), (proof) => {
    if (!proof) return next(NO_MATCH)
    return isRefusal(proof) ? next(proof) : toVerified(headers, proof, body)
  })
}

function toVerified(
  { id, timestamp }: DeliveryHeaders,
  proof: SignatureMatch,
  body: Uint8Array,
): VerifiedDelivery {
  const { scheme, keyId, jwt } = proof
  const verified = { id, timestamp: Number(timestamp), scheme, keyId, body }
  return jwt ? { ...verified, jwt } : verified
}
