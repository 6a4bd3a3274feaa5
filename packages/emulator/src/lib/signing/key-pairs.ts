import { EMULATOR_KEY_PREFIX } from '@gwh/core/jwks'

/** What a key signs: `v1a` signatures, or tokens. */
export type KeyAlgorithm = 'Ed25519' | 'RS256'

/** A private JSON Web Key: its name, its type, and the numbers that type has. */
export interface PrivateJwk {
  readonly kid: string
  readonly kty?: string
  readonly crv?: string
  readonly x?: string
  readonly n?: string
  readonly e?: string
  readonly d?: string
}

/** A public key as `/.well-known/jwks.json` shows it. */
export interface PublicJwk {
  readonly kty: 'OKP' | 'RSA'
  readonly kid: string
  /** Of an Ed25519 key: the curve, and the 32 key bytes in base64url. */
  readonly crv?: 'Ed25519'
  readonly x?: string
  /** Of an RSA key: algorithm, use, modulus and exponent. */
  readonly alg?: 'RS256'
  readonly use?: 'sig'
  readonly n?: string
  readonly e?: string
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}

const PARAMETERS = { Ed25519: 'Ed25519', RS256: RSA } as const

/** Makes a private key. Every `kid` has the prefix by which a receiver in production refuses the emulator's keys. */
export async function makePrivateJwk(algorithm: KeyAlgorithm, name: string): Promise<PrivateJwk> {
  const made = await crypto.subtle.generateKey(PARAMETERS[algorithm], true, ['sign', 'verify'])
  if (!('privateKey' in made)) throw new TypeError(`${algorithm} keys are made in pairs`)
  const jwk = await crypto.subtle.exportKey('jwk', made.privateKey)
  return { ...jwk, kid: `${EMULATOR_KEY_PREFIX}-${name}` }
}

/** Imports a private key for signing. */
export function importPrivateJwk(algorithm: KeyAlgorithm, jwk: PrivateJwk) {
  return crypto.subtle.importKey('jwk', jwk, PARAMETERS[algorithm], false, ['sign'])
}

/** The public part of a private key. */
export function toPublicJwk({ kty, kid, x, n, e }: PrivateJwk): PublicJwk {
  return kty === 'OKP'
    ? { kty, crv: 'Ed25519', kid, x: x! }
    : { kty: 'RSA', alg: 'RS256', use: 'sig', kid, n: n!, e: e! }
}
