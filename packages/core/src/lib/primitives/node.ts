/** The primitives on `node:crypto`, synchronous: Node, Bun and Deno. @module */
import {
  createHash,
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { toBase64Url, toSignedBytes } from '../bytes.ts'
import type { Ed25519Key, HmacKey, Primitives, SignedContent } from './types.ts'

const SIGNATURE_CHARACTERS = 44
const expected = new Uint8Array(SIGNATURE_CHARACTERS)
const presented = new Uint8Array(SIGNATURE_CHARACTERS)

function hmac(key: HmacKey, { id, timestamp, body }: SignedContent): string {
  return createHmac('sha256', key as KeyObject)
    .update(`${id}.${timestamp}.`, 'latin1')
    .update(body)
    .digest('base64')
}

// Comparing the texts is comparing the digests in their one canonical spelling, without decoding anything.
function sameSignature(expectedBytes: Uint8Array, signature: string): boolean {
  if (signature.length !== SIGNATURE_CHARACTERS) return false
  fill(presented, signature)
  return timingSafeEqual(expectedBytes, presented)
}

function fill(target: Uint8Array, text: string): void {
  for (let index = 0; index < SIGNATURE_CHARACTERS; index++) {
    const code = text.charCodeAt(index)
    // Codes beyond one byte would wrap around to a valid character.
    target[index] = code < 128 ? code : 0
  }
}

export const primitives: Primitives = {
  importHmacKey: (secret) => createSecretKey(secret),

  signHmac: hmac,

  verifyHmac(key, content, signatures) {
    fill(expected, hmac(key, content))
    let matched = false
    for (const signature of signatures) matched = sameSignature(expected, signature) || matched
    return matched
  },

  importEd25519: (publicKey) =>
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) }, format: 'jwk' }),

  verifyEd25519: (key: Ed25519Key, { id, timestamp, body }, signature) =>
    verify(null, toSignedBytes(id, timestamp, body), key as KeyObject, signature),

  sha256Hex: (text) => createHash('sha256').update(text, 'utf8').digest('hex'),
}
