import { primitives } from '#primitives'
import { fromBase64Url } from './bytes.ts'
import { isSafePublicKey } from './ed25519-points.ts'
import { all, chain, type Eventually } from './eventually.ts'
import type { Ed25519Key } from './primitives/types.ts'

/** A JSON Web Key, public or private. @see https://www.rfc-editor.org/rfc/rfc7517#section-4 */
export interface JsonWebKeyLike {
  kty?: string
  [member: string]: unknown
}

/** A JSON Web Key Set, as served at Google's JWKS URL. @see https://www.rfc-editor.org/rfc/rfc7517#section-5 */
export interface JsonWebKeySet {
  keys: readonly JsonWebKeyLike[]
}

/** A public key deliveries may be signed with. */
export interface VerificationKey {
  /** The key's `kid`, or its public `x` where it has none. */
  keyId: string
  key: Ed25519Key
}

/** The usable keys of a JWKS. */
export interface KeySet {
  readonly ed25519: readonly VerificationKey[]
  /** RSA public keys with a `kid`, not yet imported: only the documented JWT scheme wants them. */
  readonly rsa: ReadonlyMap<string, JsonWebKeyLike>
  /** How many entries were left out as malformed, unsuitable or too many. */
  readonly rejected: number
}

const MAX_KEYS = 32
const MAX_ED25519_KEYS = 16

/** The usable keys of a JWKS before they are imported. */
export interface SelectedKeys {
  edwards: { keyId: string; bytes: Uint8Array }[]
  rsa: Map<string, JsonWebKeyLike>
  rejected: number
}

/**
 * Picks the usable keys of a JWKS; `undefined` when there is none, or the value is no key set at all.
 *
 * Entries that are malformed, private or weak are left out, not fatal: one bad key must not stop the good ones.
 */
export function selectKeys(value: unknown): SelectedKeys | undefined {
  if (!isKeySet(value)) return undefined
  const candidates = value.keys.slice(0, MAX_KEYS).filter(isPublicSigningKey)
  const rsa = new Map(candidates.filter(isNamedRsaKey).map((key) => [key.kid, key]))
  const edwards = candidates.flatMap(toPublicBytes).slice(0, MAX_ED25519_KEYS)
  const usable = edwards.length + rsa.size
  return usable === 0 ? undefined : { edwards, rsa, rejected: value.keys.length - usable }
}

/** Makes the picked keys ready for use. */
export function importKeys({ edwards, rsa, rejected }: SelectedKeys): Eventually<KeySet> {
  return chain(all(edwards.map(importEd25519)), (ed25519) => ({ ed25519, rsa, rejected }))
}

function isKeySet(value: unknown): value is JsonWebKeySet {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
}

function isPublicSigningKey(value: unknown): value is JsonWebKeyLike {
  if (typeof value !== 'object' || value === null) return false
  const key = value as Record<string, unknown>
  // A published private member means the key is nobody's secret any more.
  if ('d' in key || 'k' in key || 'p' in key) return false
  if (key.use !== undefined && key.use !== 'sig') return false
  return key.key_ops === undefined || (Array.isArray(key.key_ops) && key.key_ops.includes('verify'))
}

function isNamedRsaKey(key: JsonWebKeyLike): key is JsonWebKeyLike & { kid: string } {
  return key.kty === 'RSA' && typeof key.kid === 'string' && key.kid !== ''
}

function toPublicBytes(key: JsonWebKeyLike): { keyId: string; bytes: Uint8Array }[] {
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519' || typeof key.x !== 'string') return []
  if (key.alg !== undefined && key.alg !== 'EdDSA' && key.alg !== 'Ed25519') return []
  const bytes = fromBase64Url(key.x)
  if (!bytes || !isSafePublicKey(bytes)) return []
  return [{ keyId: typeof key.kid === 'string' && key.kid !== '' ? key.kid : key.x, bytes }]
}

function importEd25519({ keyId, bytes }: { keyId: string; bytes: Uint8Array }): Eventually<VerificationKey> {
  return chain(primitives.importEd25519(bytes), (key) => ({ keyId, key }))
}
