// By subpath, so that bundles do not contain all of jose.
import { compactVerify } from 'jose/jws/compact/verify'
import { importJWK } from 'jose/key/import'
import { primitives } from '#crypto'
import type { Jwks } from '../jwks/jwks.ts'
import { searchKeys } from '../jwks/key-search.ts'
import type { KeySet, RsaKey } from '../jwks/key-set.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { checkClaims, isBodyBound } from './jwt-claims.ts'
import { type SplitJwt, splitJwt } from './jwt-header.ts'

/**
 * How to verify the documented scheme of dynamic webhooks: an RS256 JSON Web Token in `webhook-signature`. Google has not
 * been observed to send one, and as documented it does not cover the body.
 *
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 */
export interface JwtOptions {
  /** The required `aud` claim. */
  audience: string
  /** The required `iss` claim. Default: any. */
  issuer?: string
  /** Also accept tokens that are not bound to the body. Anyone who sees such a token can send another body with it. */
  allowUnboundBody?: true
}

/** The result of verifying a token. */
export interface VerifiedJwt {
  /** The `kid` of the key that signed it, or the start of its modulus. */
  keyId: string
  /** Whether the token is bound to the body. */
  bodyBound: boolean
}

/** Verifies a token for a body at `now` (epoch milliseconds). With `cachedOnly` it never fetches. */
export type JwtVerifier = (
  token: string,
  body: Uint8Array,
  now: number,
  cachedOnly: boolean,
) => Promise<VerifiedJwt | Refusal>

/** Creates a verifier for tokens signed with an RSA key of the JWKS. */
export function createJwtVerifier(options: {
  jwt: JwtOptions
  jwks: Jwks
  toleranceSeconds: number
}): JwtVerifier {
  const { jwt, jwks, toleranceSeconds } = options
  const { audience, issuer, allowUnboundBody } = jwt
  const rules = { audience, toleranceSeconds, ...(issuer !== undefined && { issuer }) }
  const seen = createTokenMemory(toleranceSeconds)

  return async (token, body, now, cachedOnly) => {
    const split = splitJwt(token)
    if (isRefusal(split)) return split
    // Before any fetch and cryptography, so that an expired token costs neither.
    const untimely = checkClaims(split.claims, rules, now)
    if (untimely) return untimely
    const keyId = await searchKeys(jwks, (keySet) => findKey(keySet, split), cachedOnly)
    if (typeof keyId !== 'string') return keyId ?? refuse('signature_invalid', 'no key signed the token')
    const bodyBound = await isBodyBound(split.claims, body)
    if (bodyBound) return { keyId, bodyBound }
    if (!allowUnboundBody) return refuse('jwt_body_unbound', 'the token is not bound to the body')
    // Identified without its signature, which has several valid encodings.
    const signed = token.slice(0, token.lastIndexOf('.'))
    const reused = seen.isReused(signed, await primitives.sha256Hex(body), now)
    return reused
      ? refuse('jwt_replay_body_mismatch', 'the token was used with another body before')
      : { keyId, bodyBound }
  }
}

/** The id of the key that signed the token. Tries only the key with the token's `kid`, or all if it has none. */
async function findKey({ rsa }: KeySet, { token, kid }: SplitJwt): Promise<string | undefined> {
  for (const key of rsa) {
    if (kid !== undefined && key.kid !== kid) continue
    if (await isSignedBy(token, key)) return key.kid ?? key.jwk.n.slice(0, 8)
  }
  return undefined
}

const imported = new WeakMap<RsaKey, Promise<(token: string) => Promise<boolean>>>()

async function isSignedBy(token: string, key: RsaKey): Promise<boolean> {
  const verify = imported.get(key) ?? importRsa(key)
  imported.set(key, verify)
  return await (await verify)(token)
}

async function importRsa({ jwk }: RsaKey): Promise<(token: string) => Promise<boolean>> {
  const key = await importJWK(jwk, 'RS256')
  return (token) =>
    compactVerify(token, key, { algorithms: ['RS256'] }).then(
      () => true,
      () => false,
    )
}

const MAX_REMEMBERED = 10_000

/** Remembers the body of each valid token for longer than the token is accepted. */
function createTokenMemory(toleranceSeconds: number) {
  // A token is accepted from `toleranceSeconds` before `iat` until the end of the second `toleranceSeconds` after it.
  const memoryMs = (2 * toleranceSeconds + 1) * 1000
  const bodies = new Map<string, { body: string; until: number }>()
  return {
    isReused(token: string, body: string, now: number): boolean {
      for (const [old, { until }] of bodies) {
        if (until > now && bodies.size < MAX_REMEMBERED) break
        bodies.delete(old)
      }
      const known = bodies.get(token)
      if (!known) bodies.set(token, { body, until: now + memoryMs })
      return known !== undefined && known.body !== body
    },
  }
}
