import { toRawBody } from '../http/body.ts'
import type { HeadersLike } from '../http/headers.ts'
import type { SecretFormat, SecretTexts } from '../schemes/secrets.ts'
import { systemClock } from '../shared/clock.ts'
import { WebhookError, type WebhookErrorCode } from '../shared/errors.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import { isInstance } from '../shared/thrown.ts'
import { guessBodies, MAX_GUESSED_BYTES } from './explain-bodies.ts'
import { prepareVerification } from './prepare.ts'
import {
  isUntimely,
  type ParsedHeaders,
  parseHeaders,
  type Verification,
  verifySignatures,
} from './verify.ts'
import type { VerifyOptions } from './verify-options.ts'

/** Why a delivery does not verify. */
export interface Explanation {
  /** The probable cause. */
  reason: ExplanationReason
  /** The code with which the receiver refuses the delivery; `undefined` if it verifies. */
  code: WebhookErrorCode | undefined
  /** The cause and how to fix it. Contains no secret and no payload. */
  message: string
  /** For `clock_skew` only: how far our clock is ahead of the sender's, in seconds; negative if behind. */
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
 * Explains why a delivery does not verify. For logs and support, not for every delivery: it guesses what may have changed
 * the delivery in transit and verifies each guess. Changes of a body longer than 64 KiB are not guessed, and other work
 * runs between two guesses.
 *
 * @returns The most probable cause. Never rejects; invalid options are reported as `configuration`
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
    // A receiver checks the time first and refuses with its code.
    return isRefusal(timely) ? { ...explanation, code: timely.refused } : explanation
  } catch (error) {
    if (isInstance(error, WebhookError)) return explain('configuration', error.code, error.message)
    return explain('configuration', 'option_invalid', 'the delivery or the options have the wrong type')
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
    'The body is a parsed object. Pass the bytes as received: mount the receiver before any body parser.',
  headers: 'The headers are not those of a webhook delivery',
  configuration: 'The options are wrong',
  clock_skew: 'The signature is good, but the delivery is outside the replay window',
  other_scheme: 'The delivery is signed with a scheme that is not configured',
  body_reserialised:
    'The body was parsed and serialised again in transit. Verify the bytes as received, not the result of JSON.stringify.',
  body_reencoded:
    'The encoding of the body was changed in transit: a byte order mark was added or dropped, or the bytes were read in another character set.',
  body_newline: 'White space at the end of the body, or its line endings, were changed in transit.',
  secret_format:
    'The secret is right, but its format is wrong: launch-week secrets need format "raw", all others format "base64".',
  keys_unavailable: 'There are no keys to check the signature with',
  token: 'The JSON Web Token in webhook-signature is refused',
  wrong_key:
    'No configured key made this signature. Either the secret belongs to another webhook, environment or rotation, the keys are stale, or the body was changed in an unknown way.',
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
  const detail = `it was sent ${Math.abs(skewSeconds)} s ${side} this machine's now; correct the clock, or deliver it sooner`
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
  if (await isOtherFormat(given)) return explain('secret_format', refused)
  const explanation = explain('wrong_key', refused)
  return isTooLong(given.body)
    ? { ...explanation, message: `${explanation.message} ${TOO_LONG}` }
    : explanation
}

function describeSchemes({ parsed, options }: Case): string {
  const { v1, v1a, jwt, unknown } = parsed.signatures
  const counts = {
    'v1 (static)': v1,
    'v1a (dynamic)': v1a,
    'JWT (dynamic)': jwt,
    'an unknown scheme': unknown,
  }
  const present = Object.entries(counts).filter(([, entries]) => entries.length > 0)
  const configured = [
    options.secrets && 'v1 (secrets)',
    options.jwks && 'v1a (jwks)',
    options.jwt && 'JWT (jwt)',
  ]
  const sent = present.map(([name]) => name).join(', ') || 'none'
  return `it is signed with ${sent}; configured: ${configured.filter(Boolean).join(', ')}`
}

const TOO_LONG = `The body is longer than ${MAX_GUESSED_BYTES / 1024} KiB, so changes in transit were not guessed.`

function isTooLong(body: Uint8Array): boolean {
  return body.length > MAX_GUESSED_BYTES
}

async function findChange({ parsed, body, verifier }: Case) {
  if (isTooLong(body)) return undefined
  for (const variant of guessBodies(body)) {
    // Lets other work run: verifying may take no turn of the event loop, and a sender chooses what is explained.
    await new Promise<void>((resolve) => systemClock.schedule(resolve, 0))
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
      // The secret is not valid in this format.
    }
  }
  return false
}

/** The secrets in the other formats: base64, the whole text, or the text without its prefix. */
function otherFormats(secrets: SecretTexts, format: SecretFormat): VerifyOptions[] {
  if (format === 'raw') return [{ secrets, format: 'base64' }]
  const texts = (typeof secrets === 'string' ? secrets.split(/[\s,]+/) : [...secrets]).filter(
    (text) => text !== '',
  )
  const bare = texts.map((text) => text.replace(/^whsec_/, ''))
  return [texts, bare].map((secrets) => ({ secrets, format: 'raw' }))
}
