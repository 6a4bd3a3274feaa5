import { toRawBody } from '../http/body.ts'
import type { HeadersLike } from '../http/headers.ts'
import type { SecretFormat, SecretTexts } from '../schemes/secrets.ts'
import { WebhookError, type WebhookErrorCode } from '../shared/errors.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import { guessBodies } from './explain-bodies.ts'
import { prepareVerification } from './prepare.ts'
import {
  isUntimely,
  type ParsedHeaders,
  parseHeaders,
  type Verification,
  verifySignatures,
} from './verify.ts'
import type { VerifyOptions } from './verify-options.ts'

/** Why a delivery does not verify, as far as the delivery itself shows. */
export interface Explanation {
  /** The probable cause. */
  reason: ExplanationReason
  /** The code the receiver refuses the delivery with; `undefined` when it verifies. */
  code: WebhookErrorCode | undefined
  /** The cause and what to do about it, in words. Quotes no secret and no payload. */
  message: string
  /** `clock_skew` only: how far our clock is ahead of the sender's (negative: behind), in seconds. */
  skewSeconds?: number
}

/** A probable cause of a failed verification. */
export type ExplanationReason =
  | 'verified'
  | 'parsed_body'
  | 'headers'
  | 'configuration'
  | 'clock_skew'
  | 'other_scheme'
  | 'body_reserialised'
  | 'body_reencoded'
  | 'body_newline'
  | 'secret_format'
  | 'keys_unavailable'
  | 'token'
  | 'wrong_key'

/**
 * Explains in words why a delivery does not verify. For logs and support, not for every delivery: it guesses what
 * may have changed the delivery on its way, and verifies once for each guess.
 *
 * @returns The most probable cause. Never rejects: a mistake in the options is a cause too
 */
export async function explainFailure(
  delivery: { headers: HeadersLike; body: Uint8Array | string },
  options: VerifyOptions,
): Promise<Explanation> {
  try {
    const body = toRawBody(delivery.body) ?? new Uint8Array()
    if (isRefusal(body)) return explain('parsed_body', body.refused)
    const verifier = prepareVerification(options)
    const timely = parseHeaders(verifier, delivery.headers)
    const parsed = parseHeaders(verifier, delivery.headers, true)
    const explanation = isRefusal(parsed)
      ? explain('headers', parsed.refused, parsed.message)
      : await explainOutcome(timely, { parsed, body, verifier, options })
    // A receiver checks the time first, and refuses with that.
    return isRefusal(timely) ? { ...explanation, code: timely.refused } : explanation
  } catch (error) {
    if (error instanceof WebhookError) return explain('configuration', error.code, error.message)
    return explain('configuration', 'option_invalid', 'the delivery or the options are not of the right kind')
  }
}

interface Case {
  parsed: ParsedHeaders
  body: Uint8Array
  verifier: Verification
  options: VerifyOptions
}

const SENTENCES: Record<ExplanationReason, string> = {
  verified: 'The delivery verifies.',
  parsed_body:
    'The body is a parsed object. Hand over the bytes as received: mount the receiver in front of body parsers.',
  headers: 'The headers are not those of a webhook delivery',
  configuration: 'The options are wrong',
  clock_skew: 'The signature is good, but the delivery is outside the replay window',
  other_scheme: 'The delivery is signed with another scheme than the ones configured',
  body_reserialised:
    'The body was parsed and serialised again on its way. Verify the bytes as received, never JSON.stringify of them.',
  body_reencoded:
    'The body changed its encoding on its way: a byte order mark was added or dropped, or bytes were taken for another character set.',
  body_newline: 'White space at the end of the body, or its line ends, changed on the way.',
  secret_format:
    'The secret is right but used in the wrong format: it is a launch-week secret and needs format "raw", or no longer is one.',
  keys_unavailable: 'There are no keys, so nothing can be said about the signature',
  token: 'The JSON Web Token in webhook-signature is refused',
  wrong_key:
    'No configured key made this signature. Either the secret belongs to another webhook, environment or rotation, the keys are stale, or the body was changed in a way not guessed here.',
}

function explain(
  reason: ExplanationReason,
  code: WebhookErrorCode | undefined,
  detail?: string,
): Explanation {
  return {
    reason,
    code,
    message: detail === undefined ? SENTENCES[reason] : `${SENTENCES[reason]}: ${detail}.`,
  }
}

async function explainOutcome(timely: ParsedHeaders | Refusal, given: Case): Promise<Explanation> {
  const outcome = await verifySignatures(given.verifier, given.parsed, given.body)
  if (isRefusal(outcome)) return await explainRefusal(outcome, given)
  return explainTime(timely, given.parsed, given.options)
}

function explainTime(
  timely: ParsedHeaders | Refusal,
  { headers }: ParsedHeaders,
  options: VerifyOptions,
): Explanation {
  if (!isRefusal(timely) || !isUntimely(timely)) return explain('verified', undefined)
  const skewSeconds = Math.floor((options.now ?? Date.now)() / 1000) - Number(headers.timestamp)
  const side = skewSeconds > 0 ? 'before' : 'after'
  const detail = `it was sent ${Math.abs(skewSeconds)} s ${side} this machine's now; set the clock, or deliver it sooner`
  return { ...explain('clock_skew', timely.refused, detail), skewSeconds }
}

async function explainRefusal({ refused, message }: Refusal, given: Case): Promise<Explanation> {
  if (refused === 'jwks_unavailable' || refused === 'secret_unavailable') {
    return explain('keys_unavailable', refused, message)
  }
  if (refused === 'scheme_unsupported') return explain('other_scheme', refused, describeSchemes(given))
  const changed = await findChange(given)
  if (changed) return explain(`body_${changed}`, refused)
  if (refused.startsWith('jwt_')) return explain('token', refused, message)
  return explain((await isOtherFormat(given)) ? 'secret_format' : 'wrong_key', refused)
}

function describeSchemes({ parsed, options }: Case): string {
  const { v1, v1a, jwt, unknown } = parsed.signatures
  const counts = { 'v1 (static)': v1, 'v1a (dynamic)': v1a, 'JWT (dynamic)': jwt, 'an unknown one': unknown }
  const present = Object.entries(counts).filter(([, entries]) => entries.length > 0)
  const configured = [
    options.secrets && 'v1 (secrets)',
    options.jwks && 'v1a (jwks)',
    options.jwt && 'JWT (jwt)',
  ]
  const sent = present.map(([name]) => name).join(', ') || 'none'
  return `it is signed with ${sent}; configured: ${configured.filter(Boolean).join(', ')}`
}

async function findChange({ parsed, body, verifier }: Case) {
  for (const variant of guessBodies(body)) {
    if (!isRefusal(await verifySignatures(verifier, parsed, variant.body, true))) return variant.what
  }
  return undefined
}

async function isOtherFormat({ parsed, body, options }: Case): Promise<boolean> {
  const { secrets, format = 'base64' } = options
  if (secrets === undefined) return false
  const texts = typeof secrets === 'function' ? await secrets() : secrets
  for (const candidate of otherFormats(texts, format)) {
    try {
      const verifier = prepareVerification(candidate)
      if (!isRefusal(await verifySignatures(verifier, parsed, body))) return true
    } catch {
      // Not every secret can be read in every format.
    }
  }
  return false
}

/** The secret read as base64, as its whole text, and as its text without the prefix. */
function otherFormats(secrets: SecretTexts, format: SecretFormat): VerifyOptions[] {
  if (format === 'raw') return [{ secrets, format: 'base64' }]
  const texts = (typeof secrets === 'string' ? secrets.split(/[\s,]+/) : [...secrets]).filter(
    (text) => text !== '',
  )
  const bare = texts.map((text) => text.replace(/^whsec_/, ''))
  return [texts, bare].map((secrets) => ({ secrets, format: 'raw' }))
}
