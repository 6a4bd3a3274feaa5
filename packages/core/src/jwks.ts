export { GOOGLE_JWKS_URL } from './lib/google.ts'
export {
  createFixedJwks,
  createJwks,
  type Jwks,
  type JwksOptions,
  type JwksSnapshot,
} from './lib/jwks.ts'
export type { JsonWebKeyLike, JsonWebKeySet, KeySet, VerificationKey } from './lib/key-set.ts'
