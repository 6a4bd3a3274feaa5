/**
 * The cached key set behind dynamic webhooks, for sharing it or seeding it.
 *
 * @module
 */

export { GOOGLE_JWKS_URL } from './lib/jwks/google.ts'
export {
  createFixedJwks,
  createJwks,
  type Jwks,
  type JwksOptions,
  type JwksSnapshot,
} from './lib/jwks/jwks.ts'
export type { JsonWebKeyLike, JsonWebKeySet, KeySet, VerificationKey } from './lib/jwks/key-set.ts'
