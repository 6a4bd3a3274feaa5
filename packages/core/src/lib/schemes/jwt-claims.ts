import { primitives } from '#crypto'
import { readJson } from '../shared/json.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

/** What the claims of a token must say. */
export interface ClaimRules {
  audience: string
  issuer?: string
  toleranceSeconds: number
}

const LONGEST_LIFE_SECONDS = 3600

/** Checks audience, issuer and times. Only whole numbers count as times, and only one text as audience. */
export function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  { audience, issuer, toleranceSeconds }: ClaimRules,
  nowMs: number,
): Refusal | undefined {
  const now = Math.floor(nowMs / 1000)
  const { aud, iss, iat, exp, nbf = iat } = claims
  if (aud !== audience) return refuse('jwt_claims', 'the token is for another audience')
  if (issuer !== undefined && iss !== issuer) return refuse('jwt_claims', 'the token is from another issuer')
  if (!isTime(iat) || !isTime(exp) || !isTime(nbf)) return refuse('jwt_claims', 'the token lacks exp or iat')
  // Each bound is written as what must hold, so that a clock that answers NaN refuses.
  const timely = Math.abs(now - iat) <= toleranceSeconds && exp >= now && nbf - toleranceSeconds <= now
  const short = exp >= iat && exp - iat <= LONGEST_LIFE_SECONDS
  return timely && short
    ? undefined
    : refuse('jwt_claims', 'the token is expired, too old, or lives too long')
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

const REGISTERED = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/**
 * Whether the token vouches for this very body: by a claim with the body's SHA-256 (`body_sha256`, lower-case
 * hex), or by claims that, apart from the registered ones, say exactly what the body says.
 */
export function isBodyBound(
  claims: Readonly<Record<string, unknown>>,
  body: Uint8Array,
): MaybePromise<boolean> {
  if (Object.hasOwn(claims, 'body_sha256')) {
    return mapMaybe(primitives.sha256Hex(body), (hash) => claims.body_sha256 === hash)
  }
  const own = Object.entries(claims).filter(([name]) => !REGISTERED.has(name))
  const parsed = readJson(body)
  return own.length > 0 && parsed !== undefined && isSame(Object.fromEntries(own), parsed.value)
}

/** Deep equality of JSON values; key order does not count. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const names = Object.keys(a)
  const others = b as Record<string, unknown>
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) => Object.hasOwn(b, name) && isSame((a as Record<string, unknown>)[name], others[name]),
    )
  )
}
