const utf8 = new TextEncoder()

/** Encodes a string as UTF-8. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text)
}

/** Encodes a string as Latin-1, one byte per character, as in header values. */
export function toLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes
}

/** Encodes bytes as lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Encodes bytes as standard base64, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** Encodes bytes as URL-safe base64, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

// Before padding, only characters whose unused bits are 0.
const CANONICAL_BASE64 =
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/

/**
 * Decodes standard base64; `undefined` unless it is canonical. `AB==` and `AA==` decode to the same byte, but only
 * `AA==` is canonical.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  return CANONICAL_BASE64.test(text) ? toLatin1(atob(text)) : undefined
}

/** Decodes URL-safe base64 without padding; `undefined` unless it is canonical. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const padding = '='.repeat((4 - (text.length % 4)) % 4)
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/') + padding)
}

/**
 * Returns `id.timestamp.body`, the bytes a signature covers.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
export function toSignedBytes(id: string, timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  // Runtimes decode header bytes as Latin-1, so encoding them as UTF-8 would change the signed bytes.
  const head = toLatin1(`${id}.${timestamp}.`)
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  return bytes
}

/** Whether two strings are equal, compared in constant time for a given length. */
export function equalText(expected: string, presented: string): boolean {
  if (presented.length !== expected.length) return false
  let difference = 0
  for (let index = 0; index < expected.length; index++) {
    difference |= expected.charCodeAt(index) ^ presented.charCodeAt(index)
  }
  return difference === 0
}
