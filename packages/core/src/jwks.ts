export {
  createFixedJwks,
  createJwks,
  GOOGLE_JWKS_URL,
  type Jwks,
  type JwksOptions,
  type JwksSnapshot,
} from './lib/jwks.ts'
export type { JsonWebKeyLike, JsonWebKeySet, KeySet, VerificationKey } from './lib/key-set.ts'
