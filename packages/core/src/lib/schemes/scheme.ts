import type { SignedContent } from '../crypto/primitives.ts'
import type { Jwks } from '../jwks/jwks.ts'
import type { JsonWebKeySet } from '../jwks/key-set.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { invalid } from '../shared/options.ts'
import type { Refusal } from '../shared/refusal.ts'
import type { JwtOptions } from './jwt-scheme.ts'
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
export interface SignatureMatch {
  scheme: 'static' | 'dynamic'
  keyId: string
  jwt?: { bodyBound: boolean }
}

/** One way of signing: which entries of the header are its own, and whether one of them proves the delivery. */
export interface Scheme {
  entries: keyof Signatures
  verify(
    content: SignedContent,
    entries: readonly string[],
    circumstances: SchemeContext,
  ): MaybePromise<SignatureMatch | Refusal | undefined>
}

/** What a scheme must know besides the delivery. */
export interface SchemeContext {
  /** The present in epoch milliseconds. */
  now: () => number
  /** Never fetch keys: the answer is not worth it. */
  cachedOnly: boolean
}

/** Makes the schemes behind `jwks`. */
export type DynamicSchemes = (options: SchemeOptions, toleranceSeconds: number) => Scheme[]

/**
 * The schemes the caller configured; entries of any other count as absent.
 *
 * @param toDynamic Needed where `jwks` is given
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createSchemes(
  options: SchemeOptions,
  toleranceSeconds: number,
  toDynamic: DynamicSchemes | undefined,
  warn?: (warning: ConfigWarning) => void,
): Scheme[] {
  const { secrets, format, jwks, jwt } = options
  if (secrets === undefined && jwks === undefined) throw invalid('neither secrets nor jwks to verify with')
  if (jwt && jwks === undefined) throw invalid('jwt needs jwks to verify with')
  const fixed = secrets === undefined ? [] : [staticScheme(secrets, format, warn)]
  return [...fixed, ...(toDynamic?.(options, toleranceSeconds) ?? [])]
}

function staticScheme(...settings: Parameters<typeof createStaticVerifier>): Scheme {
  const verify = createStaticVerifier(...settings)
  const toProof = (keyId: string | undefined): SignatureMatch | undefined =>
    keyId === undefined ? undefined : { scheme: 'static', keyId }
  return { entries: 'v1', verify: (content, entries) => mapMaybe(verify(content, entries), toProof) }
}
