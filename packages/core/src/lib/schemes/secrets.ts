import { fromBase64, toUtf8 } from '../shared/bytes.ts'
import { WebhookConfigError } from '../shared/errors.ts'
import { invalid } from '../shared/options.ts'

/** A parsed signing secret. */
export interface ParsedSecret {
  /** The short form that `webhooks.list` shows: `whsec_...` and the last four characters. */
  keyId: string
  /** The bytes of the HMAC key. */
  bytes: Uint8Array
}

/** A problem in the configuration that does not prevent verification. */
export interface ConfigWarning {
  /** A stable code of the problem. */
  code: string
  /** The problem and how to fix it. Contains no secret. */
  message: string
  /** What the caller's function threw, if that is the problem. */
  error?: unknown
}

/** Signing secrets, newest first; one string may hold several, separated by commas or spaces. */
export type SecretTexts = string | readonly string[]

/**
 * Signing secrets, or a function that returns them.
 *
 * The function is called with the first delivery, and its result is cached. It is called again when no secret matches a
 * delivery, after a second at first, then less and less often until every 30 seconds, so that secrets rotate without a restart. If it fails, the last secrets stay in
 * use.
 */
export type SecretSource = SecretTexts | (() => SecretTexts | Promise<SecretTexts>)

/** How secrets become key bytes: `base64` after the prefix, or the whole text as UTF-8 for `raw` launch-week secrets. */
export type SecretFormat = 'base64' | 'raw'

/** The largest number of signing secrets. */
export const MAX_SECRETS = 8
const PREFIX = 'whsec_'
const SHORTEST_BYTES = 16
const RECOMMENDED_BYTES = 24

/**
 * Parses signing secrets, newest first; one string may hold several, separated by commas or spaces.
 *
 * @throws WebhookConfigError `secret_empty`, `secret_malformed`; the message never quotes the secret
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
export function parseSecrets(
  secrets: SecretTexts,
  format: SecretFormat = 'base64',
  warn: (warning: ConfigWarning) => void = () => {},
): ParsedSecret[] {
  if (format !== 'base64' && format !== 'raw') throw invalid('format must be "base64" or "raw"')
  const texts = toList(secrets).flatMap((text) => split(text, warn))
  if (texts.length === 0) throw empty('no signing secret is configured')
  if (texts.length > MAX_SECRETS) {
    throw malformed(`more than ${MAX_SECRETS} signing secrets are configured`)
  }
  return texts.map((text) => parseSecret(text, format, warn))
}

/** Untyped callers may pass an unset variable or any value. */
function toList(secrets: unknown): readonly string[] {
  if (secrets === undefined || secrets === null) return []
  if (Array.isArray(secrets)) return [...secrets]
  return [secrets as string]
}

function split(text: string, warn: (warning: ConfigWarning) => void): string[] {
  if (typeof text !== 'string') {
    throw malformed('a signing secret is not a string')
  }
  const trimmed = text.trim()
  if (trimmed === '') throw empty('a signing secret is empty')
  if (trimmed !== text) {
    warn({ code: 'secret_trimmed', message: 'white space around a signing secret is ignored' })
  }
  if (/^v1a?,/.test(trimmed)) {
    throw malformed('remove "v1," from the start of the signing secret')
  }
  return trimmed.split(/[\s,]+/).filter((part) => part !== '')
}

function malformed(message: string): WebhookConfigError {
  return new WebhookConfigError('secret_malformed', message)
}

/** The most frequent mistake in a set-up: a variable that is not set. */
function empty(what: string): WebhookConfigError {
  const hint = 'set static.secrets, or secrets of a verifier; is GEMINI_WEBHOOK_SECRET not set?'
  return new WebhookConfigError('secret_empty', `${what}: ${hint}`)
}

function parseSecret(
  text: string,
  format: SecretFormat,
  warn: (warning: ConfigWarning) => void,
): ParsedSecret {
  const bytes = format === 'raw' ? toUtf8(text) : decode(text)
  if (bytes.length < SHORTEST_BYTES) {
    throw malformed(`a signing secret is shorter than ${SHORTEST_BYTES} bytes`)
  }
  if (bytes.length < RECOMMENDED_BYTES) {
    warn({ code: 'secret_short', message: `a signing secret is shorter than ${RECOMMENDED_BYTES} bytes` })
  }
  return { keyId: `${PREFIX}...${text.slice(-4)}`, bytes }
}

function decode(text: string): Uint8Array {
  if (!text.startsWith(PREFIX)) {
    throw malformed('a signing secret does not start with "whsec_"')
  }
  const encoded = text.slice(PREFIX.length)
  if (encoded === '')
    throw new WebhookConfigError('secret_empty', 'nothing follows "whsec_" in a signing secret')
  if (/[-_]/.test(encoded)) {
    throw malformed('a signing secret is URL-safe base64; copy it exactly as Google shows it')
  }
  const bytes = fromBase64(encoded) ?? fromBase64(encoded + '='.repeat((4 - (encoded.length % 4)) % 4))
  if (!bytes) throw malformed('a signing secret is not base64 after "whsec_"')
  return bytes
}
