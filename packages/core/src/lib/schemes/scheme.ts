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

/** Options for verification. At least one of `secrets` and `jwks` is required. */
export interface SchemeOptions {
  /** Signing secrets of static webhooks, newest first, or a function that returns them. */
  secrets?: SecretSource
  /** How secrets become key bytes. Default `base64`; `raw` only for secrets of Google's launch week. */
  format?: SecretFormat
  /**
   * Public keys of dynamic webhooks: a URL, a key set, or a cache made with `createJwks`. A key set is copied:
   * changing it later has no effect.
   */
  jwks?: string | URL | JsonWebKeySet | Jwks
  /** Also accept the JSON Web Tokens that Google documents for dynamic webhooks; requires `jwks`. Default: no. */
  jwt?: JwtOptions
  /** Largest accepted distance between `webhook-timestamp` and now, in seconds, inclusive. Default 300. */
  toleranceSeconds?: number
  /** Accept the emulator's keys, and a `jwks` URL on a loopback host, although `NODE_ENV` is `production`. */
  allowEmulator?: true
  /** Fetches the key set if `jwks` is a URL. Default: the global `fetch`. */
  fetch?: typeof fetch
}

/** The key that signed a delivery. */
export interface SignatureMatch {
  scheme: 'static' | 'dynamic'
  keyId: string
  /** For JSON Web Tokens only. */
  jwt?: { bodyBound: boolean }
}

/** A signature scheme. */
export interface Scheme {
  /** The kind of entries in `webhook-signature` that belong to the scheme. */
  entries: keyof Signatures
  /** Returns the key that signed the content, or `undefined` if no key did. */
  verify(
    content: SignedContent,
    entries: readonly string[],
    context: SchemeContext,
  ): MaybePromise<SignatureMatch | Refusal | undefined>
  /**
   * Loads the code that `verify` would load with the first delivery. Fetches no keys and calls no function for secrets.
   * `undefined` if all code is loaded.
   */
  load?: (() => MaybePromise<unknown>) | undefined
}

/** What one verification depends on besides the delivery. */
export interface SchemeContext {
  /** The current time, in epoch milliseconds. */
  now: () => number
  /** Whether to use cached keys only and never fetch. */
  cachedOnly: boolean
}

/**
 * Creates the scheme of static webhooks; none without `secrets`.
 *
 * @throws WebhookConfigError `option_invalid`, `secret_empty`, `secret_malformed`
 */
export function createStaticSchemes({ secrets, format }: SchemeOptions, settings: SchemeSettings): Scheme[] {
  if (secrets === undefined) return []
  const verify = createStaticVerifier(secrets, format, settings)
  const toMatch = (found: string | Refusal | undefined): SignatureMatch | Refusal | undefined =>
    typeof found === 'string' ? { scheme: 'static', keyId: found } : found
  return [
    {
      entries: 'v1',
      verify: (content, entries, { cachedOnly }) => mapMaybe(verify(content, entries, cachedOnly), toMatch),
      load: verify.load,
    },
  ]
}
