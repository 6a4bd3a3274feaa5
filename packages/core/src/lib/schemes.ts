import { createDynamicVerifier } from './dynamic-scheme.ts'
import { WebhookConfigError } from './errors.ts'
import { chain, type Eventually } from './eventually.ts'
import { createFixedJwks, createJwks, type Jwks } from './jwks.ts'
import { createJwtVerifier, type JwtOptions } from './jwt-scheme.ts'
import type { JsonWebKeySet } from './key-set.ts'
import { checkNames } from './options.ts'
import type { SignedContent } from './primitives/types.ts'
import { isRefusal, type Refusal } from './refusal.ts'
import type { ConfigWarning, SecretFormat } from './secrets.ts'
import type { Signatures } from './signature-header.ts'
import { createStaticVerifier } from './static-scheme.ts'

/** What a delivery is verified with. At least one of `secrets` and `jwks` is required. */
export interface SchemeOptions {
  /** Signing secrets of static webhooks, newest first; one string may hold several. */
  secrets?: string | readonly string[]
  /** How secrets become key bytes. Default `base64`; `raw` only for secrets of Google's launch week. */
  format?: SecretFormat
  /** Public keys of dynamic webhooks: a URL, a key set, or a cache made with `createJwks`. */
  jwks?: string | URL | JsonWebKeySet | Jwks
  /** Also accept the JSON Web Tokens Google documents for dynamic webhooks; needs `jwks`. Default: no. */
  jwt?: JwtOptions
  /** Largest accepted distance between the delivery's times and now, in seconds, inclusive. Default 300. */
  toleranceSeconds?: number
  /** Fetches the key set where `jwks` is a URL. Default: the global `fetch`. */
  fetch?: typeof fetch
}

/** Who proved a delivery, and how. */
export interface Proof {
  scheme: 'static' | 'dynamic'
  keyId: string
  jwt?: { bodyBound: boolean }
}

/** One way of signing: which entries of the header are its own, and whether one of them proves the delivery. */
export interface Scheme {
  entries: keyof Signatures
  prove(
    content: SignedContent,
    entries: readonly string[],
    circumstances: Circumstances,
  ): Eventually<Proof | Refusal | undefined>
}

/** What a scheme must know besides the delivery. */
export interface Circumstances {
  /** The present in epoch milliseconds. */
  now: () => number
  /** Never fetch keys: the answer is not worth it. */
  passive: boolean
}

/**
 * The schemes the caller configured; entries of any other count as absent.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createSchemes(
  options: SchemeOptions,
  toleranceSeconds: number,
  warn?: (warning: ConfigWarning) => void,
): Scheme[] {
  const { secrets, format, jwks, jwt, fetch } = options
  if (secrets === undefined && jwks === undefined) throw invalid('neither secrets nor jwks to verify with')
  if (jwt && jwks === undefined) throw invalid('jwt needs jwks to verify with')
  if (jwt) checkJwt(jwt)
  const schemes: Scheme[] = []
  if (secrets !== undefined) schemes.push(staticScheme(secrets, format, warn))
  if (jwks !== undefined) {
    const keySet = toJwks(jwks, fetch)
    schemes.push(dynamicScheme(keySet))
    if (jwt) schemes.push(jwtScheme(jwt, keySet, toleranceSeconds))
  }
  return schemes
}

function checkJwt(jwt: JwtOptions): void {
  checkNames(jwt, ['audience', 'issuer', 'allowUnboundBody'], 'jwt')
  const { audience, issuer, allowUnboundBody } = jwt
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  if (!isText(audience)) throw invalid('jwt needs an audience')
  if (issuer !== undefined && !isText(issuer)) throw invalid('jwt.issuer is a text that is not empty')
  if (allowUnboundBody !== undefined && allowUnboundBody !== true) {
    throw invalid('jwt.allowUnboundBody is true or absent')
  }
}

function staticScheme(...settings: Parameters<typeof createStaticVerifier>): Scheme {
  const verify = createStaticVerifier(...settings)
  const toProof = (keyId: string | undefined): Proof | undefined =>
    keyId === undefined ? undefined : { scheme: 'static', keyId }
  return { entries: 'v1', prove: (content, entries) => chain(verify(content, entries), toProof) }
}

function dynamicScheme(jwks: Jwks): Scheme {
  const verify = createDynamicVerifier(jwks)
  const toProof = (result: string | Refusal | undefined): Proof | Refusal | undefined =>
    typeof result === 'string' ? { scheme: 'dynamic', keyId: result } : result
  return {
    entries: 'v1a',
    prove: (content, entries, { passive }) => chain(verify(content, entries, passive), toProof),
  }
}

function jwtScheme(jwt: JwtOptions, jwks: Jwks, toleranceSeconds: number): Scheme {
  const verify = createJwtVerifier({ jwt, jwks, toleranceSeconds })
  return {
    entries: 'jwt',
    async prove({ body }, entries, { now, passive }) {
      const verified = await verify(entries[0]!, body, now(), passive)
      if (isRefusal(verified)) return verified
      const { keyId, bodyBound } = verified
      return { scheme: 'dynamic', keyId, jwt: { bodyBound } }
    },
  }
}

function toJwks(jwks: string | URL | JsonWebKeySet | Jwks, fetch?: typeof globalThis.fetch): Jwks {
  if (typeof jwks === 'string' || jwks instanceof URL) return createJwks(jwks, fetch ? { fetch } : {})
  return 'reload' in jwks ? jwks : createFixedJwks(jwks)
}

function invalid(message: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', message)
}
