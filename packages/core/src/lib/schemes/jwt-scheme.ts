import { primitives } from '#crypto'
import type { Jwks } from '../jwks/jwks.ts'
import { searchKeys } from '../jwks/key-search.ts'
import type { KeySet, RsaKey } from '../jwks/key-set.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { checkClaims, isBodyBound } from './jwt-claims.ts'
import { type SplitJwt, splitJwt } from './jwt-header.ts'

/**
 * Google's documented scheme for dynamic webhooks: an RS256 JSON Web Token in `webhook-signature`. It has not
 * been seen on the wire, and as documented it does not cover the body.
 *
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 */
export interface JwtOptions {
  /** The `aud` claim a token must have. */
  audience: string
  /** The `iss` claim a token must have. Default: any. */
  issuer?: string
  /** Accept tokens that do not vouch for the body. Whoever sees one can then send a body of their own with it. */
  allowUnboundBody?: true
}

/** What a valid token says about its delivery. */
export interface VerifiedJwt {
  keyId: string
  /** Whether the token vouches for the body. */
  bodyBound: boolean
}

/** Says whether a token is valid for a body, now (epoch milliseconds). `cachedOnly` never fetches. */
export type JwtVerifier = (
  token: string,
  body: Uint8Array,
  now: number,
  cachedOnly: boolean,
) => Promise<VerifiedJwt | Refusal>

/** Verifies tokens against the RSA keys of the JWKS. jose is loaded when the first token comes. */
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
    // Before any cryptography and any fetch: what has expired is not worth either.
    const untimely = checkClaims(split.claims, rules, now)
    if (untimely) return untimely
    const keyId = await searchKeys(jwks, (keySet) => findKey(keySet, split), cachedOnly)
    if (typeof keyId !== 'string') return keyId ?? refuse('signature_invalid', 'no key signed the token')
    const bodyBound = await isBodyBound(split.claims, body)
    if (bodyBound) return { keyId, bodyBound }
    if (!allowUnboundBody) return refuse('jwt_body_unbound', 'the token does not vouch for the body')
    // What was signed names the token: a signature can be spelled in several ways that all verify.
    const signed = token.slice(0, token.lastIndexOf('.'))
    const reused = seen.isReused(signed, await primitives.sha256Hex(body), now)
    return reused
      ? refuse('jwt_replay_body_mismatch', 'the token came with another body before')
      : { keyId, bodyBound }
  }
}

/** The id of the key that signed the token: the named one, or any where the token names none. */
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
  // By their subpaths, or a bundle would hold all of jose.
  const [{ compactVerify }, { importJWK }] = await Promise.all([
    import('jose/jws/compact/verify'),
    import('jose/key/import'),
  ])
  const key = await importJWK(jwk, 'RS256')
  return (token) =>
    compactVerify(token, key, { algorithms: ['RS256'] }).then(
      () => true,
      () => false,
    )
}

const MAX_REMEMBERED = 10_000

/** Remembers for longer than a token is accepted which body it came with; only valid tokens get in here. */
function createTokenMemory(toleranceSeconds: number) {
  // From `toleranceSeconds` before it was issued to the end of the second that lies as far behind.
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
