/** Primitives on WebCrypto, for runtimes without `node:crypto`. @module */
import { equalText, toBase64, toHex, toSignedBytes, toUtf8 } from '../shared/bytes.ts'
import type { Primitives } from './primitives.ts'

type SubtleKey = Parameters<typeof crypto.subtle.sign>[1]

const HMAC = { name: 'HMAC', hash: 'SHA-256' }
const ED25519 = { name: 'Ed25519' }

/** The primitives on WebCrypto. */
export const primitives: Primitives = {
  sharesTimers: false,

  importHmacKey: (secret) => crypto.subtle.importKey('raw', new Uint8Array(secret), HMAC, false, ['sign']),

  async signHmac(key, { id, timestamp, body }) {
    const digest = await crypto.subtle.sign('HMAC', key as SubtleKey, toSignedBytes(id, timestamp, body))
    return toBase64(new Uint8Array(digest))
  },

  async verifyHmac(key, content, signatures) {
    const expected = await primitives.signHmac(key, content)
    let matched = false
    // WebCrypto has no constant-time comparison, and `subtle.verify` would hash the body again for every signature.
    for (const signature of signatures) matched = equalText(expected, signature) || matched
    return matched
  },

  importEd25519: (publicKey) =>
    crypto.subtle.importKey('raw', new Uint8Array(publicKey), ED25519, false, ['verify']),

  verifyEd25519: (key, { id, timestamp, body }, signature) =>
    crypto.subtle.verify(
      ED25519,
      key as SubtleKey,
      new Uint8Array(signature),
      toSignedBytes(id, timestamp, body),
    ),

  async sha256Hex(data) {
    const bytes = typeof data === 'string' ? toUtf8(data) : new Uint8Array(data)
    return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
  },
}
