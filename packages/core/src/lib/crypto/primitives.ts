import type { MaybePromise } from '../shared/maybe-promise.ts'

/** What a signature covers: two headers and the body, exactly as received. */
export interface SignedContent {
  /** `webhook-id` as received. */
  id: string
  /** `webhook-timestamp` as received. */
  timestamp: string
  /** The body as received. */
  body: Uint8Array
}

/** An imported signing secret. */
export type HmacKey = object

/** An imported Ed25519 public key. */
export type Ed25519Key = object

/**
 * The parts of core that differ by runtime. `imports` conditions in package.json select the implementation:
 * `node:crypto` where it exists, because an awaited WebCrypto call costs about as much as forty synchronous calls;
 * otherwise WebCrypto.
 */
export interface Primitives {
  /** Whether several requests may share a timer. Not on Cloudflare Workers, where it ends with the request that set it. */
  readonly sharesTimers: boolean
  /** Imports the bytes of a signing secret. */
  importHmacKey(secret: Uint8Array): MaybePromise<HmacKey>
  /** Computes the HMAC-SHA256 of the content, in base64. */
  signHmac(key: HmacKey, content: SignedContent): MaybePromise<string>
  /** Whether any of the base64 signatures is the HMAC-SHA256 of the content. Compares all in constant time. */
  verifyHmac(key: HmacKey, content: SignedContent, signatures: readonly string[]): MaybePromise<boolean>
  /** Imports a raw 32-byte public key. Throws or rejects if it is not valid. */
  importEd25519(publicKey: Uint8Array): MaybePromise<Ed25519Key>
  /** Whether a 64-byte signature of the content is valid for the key. */
  verifyEd25519(key: Ed25519Key, content: SignedContent, signature: Uint8Array): MaybePromise<boolean>
  /** Computes the SHA-256 of bytes, or of a string as UTF-8, in lower-case hex. */
  sha256Hex(data: string | Uint8Array): MaybePromise<string>
}
