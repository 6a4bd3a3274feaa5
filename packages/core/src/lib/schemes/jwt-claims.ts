import { primitives } from '#crypto'
import { toCanonicalJson } from '../shared/canonical-json.ts'
import { readJson } from '../shared/json.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

/** What the claims of a token are checked against. */
export interface ClaimRules {
  /** The required `aud`. */
  audience: string
  /** The required `iss`. Default: any. */
  issuer?: string
  /** Largest accepted distance between `iat` or `nbf` and now, in seconds. */
  toleranceSeconds: number
}

const LONGEST_LIFE_SECONDS = 3600

/** Checks audience, issuer and times. Times must be whole numbers, and the audience a single string. */
export function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  { audience, issuer, toleranceSeconds }: ClaimRules,
  nowMs: number,
): Refusal | undefined {
  const now = Math.floor(nowMs / 1000)
  const { aud, iss, iat, exp, nbf = iat } = claims
  if (aud !== audience) return refuse('jwt_claims', 'the token is for another audience')
  if (issuer !== undefined && iss !== issuer) return refuse('jwt_claims', 'the token is from another issuer')
  if (!isTime(iat) || !isTime(exp) || !isTime(nbf)) return refuse('jwt_claims', 'the token has no exp or iat')
  // Written as the conditions that must hold, so that NaN from the clock refuses.
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
 * Whether the token is bound to this body: by a claim `body_sha256` (the body's SHA-256 in lower-case hex), or by claims
 * that equal the content of the body, apart from registered ones. JSON that parsers may read differently is never bound
 * by its content.
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
  if (own.length === 0 || !parsed || parsed.flaw) return false
  const content = toCanonicalJson(parsed.value)
  return content !== undefined && content === toCanonicalJson(Object.fromEntries(own))
}
