import { fromBase64Url } from '../shared/bytes.ts'
import { findJsonFlaw } from '../shared/json-guard.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

/** A decoded compact JSON Web Token, not yet verified. */
export interface SplitJwt {
  /** The token as received. */
  token: string
  /** The `kid` of its header; `undefined` if absent or empty. */
  kid: string | undefined
  /** Its claims. */
  claims: Readonly<Record<string, unknown>>
}

// Header members that let a token choose its own key or change what is signed.
const FORBIDDEN = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'b64', 'zip', 'enc']

/**
 * Decodes a token. Refuses an algorithm other than RS256, a header that names its own key, and JSON that parsers may
 * read differently.
 */
export function splitJwt(token: string): SplitJwt | Refusal {
  const parts = token.split('.')
  const header = parts.length === 3 ? decodeJson(parts[0]!) : undefined
  const claims = parts.length === 3 ? decodeJson(parts[1]!) : undefined
  if (!header || !claims) return refuse('jwt_malformed', 'webhook-signature is not a compact JSON Web Token')
  if (header.alg !== 'RS256') return refuse('jwt_alg', 'the token is not signed with RS256')
  if (FORBIDDEN.some((name) => Object.hasOwn(header, name))) {
    return refuse('jwt_header_forbidden', 'the token has a header member that names its own key or encoding')
  }
  const kid = typeof header.kid === 'string' && header.kid !== '' ? header.kid : undefined
  return { token, kid, claims }
}

/** Decodes one part of a token; `undefined` unless it is a safe JSON object in UTF-8. */
function decodeJson(part: string): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(fromBase64Url(part))
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && !findJsonFlaw(text, value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
