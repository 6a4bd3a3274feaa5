import type { MaybePromise } from '../shared/maybe-promise.ts'

/** What a signature covers: the header texts and body exactly as they were received. */
export interface SignedContent {
  /** `webhook-id` as received. */
  id: string
  /** `webhook-timestamp` as received. */
  timestamp: string
  body: Uint8Array
}

/** A signing secret, imported once. */
export type HmacKey = object

/** An Ed25519 public key, imported once. */
export type Ed25519Key = object

/**
 * The only part of core that differs by runtime. `imports` conditions in package.json choose the
 * implementation: `node:crypto` where it exists, because one awaited WebCrypto call costs about as much as
 * forty synchronous ones; WebCrypto everywhere else.
 */
export interface Primitives {
  /** Imports a signing secret's bytes. */
  importHmacKey(secret: Uint8Array): MaybePromise<HmacKey>
  /** The HMAC-SHA256 of the content, in base64. */
  signHmac(key: HmacKey, content: SignedContent): MaybePromise<string>
  /** Whether one of the base64 signatures is the content's HMAC-SHA256. Compares all of them, in constant time. */
  verifyHmac(key: HmacKey, content: SignedContent, signatures: readonly string[]): MaybePromise<boolean>
  /** Imports a raw public key of 32 bytes. */
  importEd25519(publicKey: Uint8Array): MaybePromise<Ed25519Key>
  /** Whether the 64-byte signature over the content was made with the key. */
  verifyEd25519(key: Ed25519Key, content: SignedContent, signature: Uint8Array): MaybePromise<boolean>
  /** The SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hex. */
  sha256Hex(data: string | Uint8Array): MaybePromise<string>
}
