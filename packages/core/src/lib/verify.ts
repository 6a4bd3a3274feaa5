import { toRawBody } from './body.ts'
import { createDynamicVerifier } from './dynamic-scheme.ts'
import { WebhookConfigError } from './errors.ts'
import { chain, type Eventually } from './eventually.ts'
import { type DeliveryHeaders, type HeadersLike, readHeaders } from './headers.ts'
import { createFixedJwks, createJwks, type Jwks } from './jwks.ts'
import type { JsonWebKeySet } from './key-set.ts'
import { checkNames, wholeNumber } from './options.ts'
import { isRefusal, type Refusal, refuse, toError } from './refusal.ts'
import { checkWindow } from './replay-window.ts'
import type { ConfigWarning, SecretFormat } from './secrets.ts'
import { parseSignatures, type Signatures } from './signature-header.ts'
import { createStaticVerifier } from './static-scheme.ts'

/** What a delivery is verified against. */
export interface VerifyOptions {
  /** Signing secrets of static webhooks, newest first; one string may hold several. */
  secrets?: string | readonly string[]
  /** How secrets become key bytes. Default `base64`; `raw` only for secrets of Google's launch week. */
  format?: SecretFormat
  /** Public keys of dynamic webhooks: a URL, a key set, or a cache made with `createJwks`. */
  jwks?: string | URL | JsonWebKeySet | Jwks
  /** Largest accepted distance between `webhook-timestamp` and now, in seconds, inclusive. Default 300. */
  toleranceSeconds?: number
  /** The present in epoch milliseconds. Default `Date.now`. */
  now?: () => number
  /** Fetches the key set where `jwks` is a URL. Default: the global `fetch`. */
  fetch?: typeof fetch
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
}

/** A delivery whose headers are well-formed and fresh; nothing about it is proven yet. */
export interface Admission {
  headers: DeliveryHeaders
  signatures: Signatures
}

/** The two halves of verification: before the body is read, and after. */
export interface Verifier {
  admit(headers: HeadersLike): Admission | Refusal
  verify(admission: Admission, body: Uint8Array): Eventually<VerifiedDelivery | Refusal>
}

const NAMES = ['secrets', 'format', 'jwks', 'toleranceSeconds', 'now', 'fetch']

/** @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed` */
export function createVerifier(options: VerifyOptions, warn?: (warning: ConfigWarning) => void): Verifier {
  checkNames(options, NAMES, 'verification')
  const { secrets, format, jwks, now = Date.now, fetch } = options
  if (secrets === undefined && jwks === undefined) {
    throw new WebhookConfigError('option_invalid', 'neither secrets nor jwks to verify with')
  }
  const toleranceSeconds = wholeNumber('toleranceSeconds', options.toleranceSeconds, 300)
  const verifyStatic = secrets === undefined ? undefined : createStaticVerifier(secrets, format, warn)
  const verifyDynamic = jwks === undefined ? undefined : createDynamicVerifier(toJwks(jwks, fetch))

  const admit = (given: HeadersLike): Admission | Refusal => {
    const headers = readHeaders(given)
    if (isRefusal(headers)) return headers
    const stale = checkWindow(headers.timestamp, now(), toleranceSeconds)
    if (stale) return stale
    const signatures = parseSignatures(headers.signature)
    return isRefusal(signatures) ? signatures : { headers, signatures }
  }
  // The scheme is the caller's choice: an entry of one that is not configured is as good as absent.
  const verify = ({ headers, signatures }: Admission, body: Uint8Array) => {
    const content = { id: headers.id, timestamp: headers.timestamp, body }
    const asStatic =
      verifyStatic && signatures.v1.length > 0 ? verifyStatic(content, signatures.v1) : undefined
    return chain(asStatic, (keyId): Eventually<VerifiedDelivery | Refusal> => {
      if (keyId !== undefined) return toVerified(headers, 'static', keyId, body)
      if (!verifyDynamic || signatures.v1a.length === 0)
        return noMatch(signatures, verifyStatic, verifyDynamic)
      return chain(verifyDynamic(content, signatures.v1a), (result) => {
        if (typeof result === 'string') return toVerified(headers, 'dynamic', result, body)
        return result ?? refuse('signature_invalid', 'no signature matches any configured key')
      })
    })
  }
  return { admit, verify }
}

function toVerified(
  headers: DeliveryHeaders,
  scheme: VerifiedDelivery['scheme'],
  keyId: string,
  body: Uint8Array,
): VerifiedDelivery {
  return { id: headers.id, timestamp: Number(headers.timestamp), scheme, keyId, body }
}

function noMatch(signatures: Signatures, verifyStatic: unknown, verifyDynamic: unknown): Refusal {
  const tried = (verifyStatic && signatures.v1.length > 0) || (verifyDynamic && signatures.v1a.length > 0)
  return tried
    ? refuse('signature_invalid', 'no signature matches any configured key')
    : refuse('scheme_unsupported', 'webhook-signature has no entry of a configured scheme')
}

/** @throws WebhookConfigError `option_invalid` */
export function toJwks(jwks: string | URL | JsonWebKeySet | Jwks, fetch?: typeof globalThis.fetch): Jwks {
  if (typeof jwks === 'string' || jwks instanceof URL) return createJwks(jwks, fetch ? { fetch } : {})
  if ('reload' in jwks) return jwks
  return createFixedJwks(jwks)
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
  const body = toRawBody(delivery.body) ?? new Uint8Array()
  if (isRefusal(body)) throw toError(body)
  const admission = verifier.admit(delivery.headers)
  const outcome = isRefusal(admission) ? admission : await verifier.verify(admission, body)
  if (isRefusal(outcome)) throw toError(outcome)
  return outcome
}

// Importing keys costs more than verifying with them. Callers write their options inline, so what is kept is
// keyed by what the options say, not by the object they are said in.
const verifiers = new Map<string, Verifier>()
const MAX_KEPT = 16

function verifierFor(options: VerifyOptions): Verifier {
  const { jwks, now, fetch } = options
  // Functions and key sets cannot be told apart by value; with any of them a verifier serves one call only.
  if (now || fetch || (jwks !== undefined && typeof jwks !== 'string')) return createVerifier(options)
  const name = JSON.stringify(options)
  const kept = verifiers.get(name) ?? createVerifier(options)
  if (verifiers.size >= MAX_KEPT) verifiers.clear()
  verifiers.set(name, kept)
  return kept
}
