/**
 * The cached key set behind dynamic webhooks, for sharing it or seeding it.
 *
 * @module
 */

export { createFixedJwks } from './lib/jwks/fixed-jwks.ts'
export { GOOGLE_JWKS_URL } from './lib/jwks/google.ts'
export { createJwks, type Jwks, type JwksOptions, type JwksSnapshot } from './lib/jwks/jwks.ts'
export type { JsonWebKeyLike, JsonWebKeySet, KeySet, RsaKey, VerificationKey } from './lib/jwks/key-set.ts'
export { EMULATOR_KEY_PREFIX } from './lib/jwks/key-set.ts'
