import type { Ed25519Key } from '../crypto/primitives.ts'
import { fromBase64Url } from '../shared/bytes.ts'

/** A JSON Web Key, public or private. @see https://www.rfc-editor.org/rfc/rfc7517#section-4 */
export interface JsonWebKeyLike {
  readonly kty?: string | undefined
  readonly kid?: string | undefined
  readonly crv?: string | undefined
  readonly alg?: string | undefined
  readonly use?: string | undefined
  readonly x?: string | undefined
  readonly d?: string | undefined
  readonly n?: string | undefined
  readonly e?: string | undefined
}

/** A JSON Web Key Set, as served at Google's JWKS URL. @see https://www.rfc-editor.org/rfc/rfc7517#section-5 */
export interface JsonWebKeySet {
  keys: readonly JsonWebKeyLike[]
}

/** An imported Ed25519 public key. */
export interface VerificationKey {
  /** The key's `kid`, or its `x` if it has none. */
  keyId: string
  /** The imported key. */
  key: Ed25519Key
}

/** An RSA public key of at least 2048 bits, not yet imported. */
export interface RsaKey {
  /** The key's `kid`; `undefined` if it has none or an empty one. */
  kid: string | undefined
  /** The public key. */
  jwk: { kty: 'RSA'; n: string; e: string }
}

/** The usable keys of a JWKS. */
export interface KeySet {
  /** Ed25519 public keys, for `v1a` signatures. */
  readonly ed25519: readonly VerificationKey[]
  /** RSA public keys, for JSON Web Tokens. */
  readonly rsa: readonly RsaKey[]
  /** How many entries were skipped because they are malformed, unsuitable or over a limit. */
  readonly rejected: number
}

/** The prefix of every `kid` of the emulator, so that its keys are not mistaken for Google's. */
export const EMULATOR_KEY_PREFIX = 'gwh-emulator'

// Further entries are ignored, to limit the cost of a large key set.
const MAX_ENTRIES = 1024
const MAX_KEYS_TRIED = 16

/** The usable keys of a JWKS before they are imported. */
export interface SelectedKeys {
  edwards: { keyId: string; bytes: Uint8Array }[]
  rsa: RsaKey[]
  rejected: number
}

/**
 * Selects the usable keys of a JWKS, at most 16 of each type; `undefined` if there are none or the value is not a key
 * set. Skips malformed, private and weak keys, so that a bad key does not disable the good ones.
 *
 * @param emulator Whether the emulator's keys are usable
 * @param isSafe Whether the bytes of an Ed25519 key are safe. The list of unsafe ones is loaded on demand
 */
export function selectKeys(
  value: unknown,
  emulator: boolean,
  isSafe: (publicKey: Uint8Array) => boolean,
): SelectedKeys | undefined {
  if (!isKeySet(value)) return undefined
  const candidates = value.keys
    .slice(0, MAX_ENTRIES)
    .filter((key) => isPublicSigningKey(key) && (emulator || !isEmulatorKey(key)))
  const rsa = candidates.flatMap(toRsaKey).slice(0, MAX_KEYS_TRIED)
  const edwards = candidates
    .flatMap(toPublicBytes)
    .filter(({ bytes }) => isSafe(bytes))
    .slice(0, MAX_KEYS_TRIED)
  const usable = edwards.length + rsa.length
  return usable === 0 ? undefined : { edwards, rsa, rejected: value.keys.length - usable }
}

function isKeySet(value: unknown): value is JsonWebKeySet {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
}

function isPublicSigningKey(value: unknown): value is JsonWebKeyLike {
  if (typeof value !== 'object' || value === null) return false
  const key = value as Record<string, unknown>
  // A published private key is compromised.
  if (key.d !== undefined || key.k !== undefined || key.p !== undefined) return false
  if (key.use !== undefined && key.use !== 'sig') return false
  return key.key_ops === undefined || (Array.isArray(key.key_ops) && key.key_ops.includes('verify'))
}

function isEmulatorKey({ kid }: JsonWebKeyLike): boolean {
  return typeof kid === 'string' && kid.startsWith(EMULATOR_KEY_PREFIX)
}

const EDWARDS_BYTES = 32
const SMALLEST_RSA_BYTES = 256
const LARGEST_RSA_BYTES = 1024

function toRsaKey(key: JsonWebKeyLike): RsaKey[] {
  const { kty, n, e, alg } = key
  if (kty !== 'RSA' || typeof n !== 'string' || typeof e !== 'string') return []
  if (alg !== undefined && alg !== 'RS256') return []
  const modulus = fromBase64Url(n)
  if (!modulus || modulus.length < SMALLEST_RSA_BYTES || modulus.length > LARGEST_RSA_BYTES) return []
  // Accepts only the usual exponent, 65537: smaller ones have been attacked, and larger ones are slower.
  if (e !== 'AQAB' || modulus[0]! < 0x80) return []
  return [{ kid: toKid(key), jwk: { kty, n, e } }]
}

/** Google publishes key sets with `"kid": ""`. */
function toKid({ kid }: JsonWebKeyLike): string | undefined {
  return typeof kid === 'string' && kid !== '' ? kid : undefined
}

function toPublicBytes(key: JsonWebKeyLike): { keyId: string; bytes: Uint8Array }[] {
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519' || typeof key.x !== 'string') return []
  if (key.alg !== undefined && key.alg !== 'EdDSA' && key.alg !== 'Ed25519') return []
  const bytes = fromBase64Url(key.x)
  if (bytes?.length !== EDWARDS_BYTES) return []
  return [{ keyId: toKid(key) ?? key.x, bytes }]
}
