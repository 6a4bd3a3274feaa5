import type { SignedContent } from '../crypto/primitives.ts'
import type { Jwks } from '../jwks/jwks.ts'
import type { JsonWebKeySet } from '../jwks/key-set.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import type { Refusal } from '../shared/refusal.ts'
import type { JwtOptions } from './jwt-scheme.ts'
import type { SecretFormat, SecretSource } from './secrets.ts'
import type { SchemeSettings } from './settings.ts'
import type { Signatures } from './signature-header.ts'
import { createStaticVerifier } from './static-scheme.ts'

/** What a delivery is verified with. At least one of `secrets` and `jwks` is required. */
export interface SchemeOptions {
  /** Signing secrets of static webhooks, newest first; one string may hold several. Or a function for them. */
  secrets?: SecretSource
  /** How secrets become key bytes. Default `base64`; `raw` only for secrets of Google's launch week. */
  format?: SecretFormat
  /**
   * Public keys of dynamic webhooks: a URL, a key set, or a cache made with `createJwks`. A key set is copied:
   * changing it later has no effect.
   */
  jwks?: string | URL | JsonWebKeySet | Jwks
  /** Also accept the JSON Web Tokens Google documents for dynamic webhooks; needs `jwks`. Default: no. */
  jwt?: JwtOptions
  /** Largest accepted distance between the delivery's times and now, in seconds, inclusive. Default 300. */
  toleranceSeconds?: number
  /** Accept the emulator's keys, and a `jwks` URL on a loopback host, although `NODE_ENV` is `production`. */
  allowEmulator?: true
  /** Fetches the key set where `jwks` is a URL. Default: the global `fetch`. */
  fetch?: typeof fetch
}

/** The key that proves a delivery. */
export interface SignatureMatch {
  scheme: 'static' | 'dynamic'
  keyId: string
  jwt?: { bodyBound: boolean }
}

/** One way to sign: the header entries that belong to it, and how they are verified. */
export interface Scheme {
  entries: keyof Signatures
  verify(
    content: SignedContent,
    entries: readonly string[],
    circumstances: SchemeContext,
  ): MaybePromise<SignatureMatch | Refusal | undefined>
}

/** The circumstances of one verification. */
export interface SchemeContext {
  /** The present in epoch milliseconds. */
  now: () => number
  /** Use cached keys only: for a delivery that is not worth a fetch. */
  cachedOnly: boolean
}

/** Makes the schemes of dynamic webhooks, for options with `jwks`. */
export type DynamicSchemes = (
  options: SchemeOptions,
  toleranceSeconds: number,
  settings: SchemeSettings,
) => Scheme[]

/**
 * The scheme of static webhooks; none without `secrets`.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createStaticSchemes({ secrets, format }: SchemeOptions, settings: SchemeSettings): Scheme[] {
  if (secrets === undefined) return []
  const verify = createStaticVerifier(secrets, format, settings)
  const toProof = (found: string | Refusal | undefined): SignatureMatch | Refusal | undefined =>
    typeof found === 'string' ? { scheme: 'static', keyId: found } : found
  return [
    {
      entries: 'v1',
      verify: (content, entries, { cachedOnly }) => mapMaybe(verify(content, entries, cachedOnly), toProof),
    },
  ]
}
