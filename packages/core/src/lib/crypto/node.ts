/** Primitives on `node:crypto`, which are synchronous: for Node, Bun and Deno. @module */

import { Buffer } from 'node:buffer'
import {
  createHash,
  createHmac,
  createPublicKey,
  createSecretKey,
  hash,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { toBase64Url, toSignedBytes } from '../shared/bytes.ts'
import type { Ed25519Key, Primitives, SignedContent } from './primitives.ts'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
const SIGNATURE_CHARACTERS = 44

/** An imported signing secret: the key object, and the first blocks of the inner and outer hash. */
interface NodeHmacKey {
  object: KeyObject
  inner: Uint8Array
  outer: Uint8Array
}

// Buffers that each synchronous call reuses, because allocating them costs as much as hashing a delivery.
const SCRATCH_BYTES = 64 * 1024
const innerScratch = Buffer.alloc(SCRATCH_BYTES)
const outerScratch = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)
const expected = Buffer.alloc(SIGNATURE_CHARACTERS)
const presented = Buffer.alloc(SIGNATURE_CHARACTERS)
// `Buffer.write` takes Deno three times as long.
const ascii = new TextEncoder()
// A hash as a buffer is faster than as a string on Deno, and slower on Node and Bun.
const isDeno = 'Deno' in globalThis

/** Uses two one-shot hashes if the content fits the scratch buffer, an incremental HMAC otherwise. */
function hmac(key: NodeHmacKey, content: SignedContent): string {
  const { id, timestamp, body } = content
  const length = BLOCK_BYTES + id.length + timestamp.length + 2 + body.length
  return length <= SCRATCH_BYTES ? hashTwice(key, content, length) : hashStream(key, content)
}

/** HMAC as in RFC 2104: H(outer block ‖ H(inner block ‖ message)). */
function hashTwice(key: NodeHmacKey, { id, timestamp, body }: SignedContent, length: number): string {
  innerScratch.set(key.inner)
  // Runtimes decode header bytes as Latin-1.
  const headBytes = innerScratch.write(`${id}.${timestamp}.`, BLOCK_BYTES, 'latin1')
  innerScratch.set(body, BLOCK_BYTES + headBytes)
  outerScratch.set(key.outer)
  const inner = innerScratch.subarray(0, length)
  if (isDeno) outerScratch.set(hash('sha256', inner, 'buffer'), BLOCK_BYTES)
  else outerScratch.write(hash('sha256', inner, 'binary'), BLOCK_BYTES, 'latin1')
  return hash('sha256', outerScratch, 'base64')
}

function hashStream(key: NodeHmacKey, { id, timestamp, body }: SignedContent): string {
  return createHmac('sha256', key.object)
    .update(`${id}.${timestamp}.`, 'latin1')
    .update(body)
    .digest('base64')
}

// Base64 with padding is canonical here, so comparing the encoded digests avoids decoding.
function isExpected(signature: string): boolean {
  if (signature.length !== SIGNATURE_CHARACTERS || !isAscii(signature)) return false
  ascii.encodeInto(signature, presented)
  return timingSafeEqual(expected, presented)
}

/** Other characters take more than a byte. The last one may not fit, and would leave a byte of an earlier signature. */
function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}

function toBlock(secret: Uint8Array, pad: number): Uint8Array {
  const short = secret.length > BLOCK_BYTES ? createHash('sha256').update(secret).digest() : secret
  const block = new Uint8Array(BLOCK_BYTES).fill(pad)
  for (let index = 0; index < short.length; index++) block[index]! ^= short[index]!
  return block
}

/** The primitives on `node:crypto`. */
export const primitives: Primitives = {
  sharesTimers: true,

  importHmacKey: (secret): NodeHmacKey => ({
    object: createSecretKey(secret),
    inner: toBlock(secret, 0x36),
    outer: toBlock(secret, 0x5c),
  }),

  signHmac: (key, content) => hmac(key as NodeHmacKey, content),

  verifyHmac(key, content, signatures) {
    ascii.encodeInto(hmac(key as NodeHmacKey, content), expected)
    let matched = false
    for (const signature of signatures) matched = isExpected(signature) || matched
    return matched
  },

  importEd25519: (publicKey) =>
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKey) }, format: 'jwk' }),

  verifyEd25519: (key: Ed25519Key, { id, timestamp, body }, signature) =>
    verify(null, toSignedBytes(id, timestamp, body), key as KeyObject, signature),

  sha256Hex: (data) => hash('sha256', data, 'hex'),
}
