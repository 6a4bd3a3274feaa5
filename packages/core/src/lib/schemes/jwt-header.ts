import { fromBase64Url } from '../shared/bytes.ts'
import { findJsonFlaw } from '../shared/json-guard.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

/** A compact JSON Web Token, split and decoded; nothing about it is proven yet. */
export interface SplitJwt {
  token: string
  kid: string | undefined
  claims: Readonly<Record<string, unknown>>
}

// Each of these would let the token choose its own key or change what is signed.
const FORBIDDEN = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'b64', 'zip', 'enc']

/**
 * Splits a token and refuses what no key may excuse: another algorithm, a header that names its own key, or JSON
 * that two parsers may read differently.
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

/** The only place where a token's parts are parsed, and may throw while they are. */
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
