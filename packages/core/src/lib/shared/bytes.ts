const utf8 = new TextEncoder()

/** The UTF-8 bytes of a text. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text)
}

/** The bytes of a text in which every character stands for one byte, as in header values. */
export function toLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Standard base64, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** URL-safe base64 without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * The bytes of standard base64, or `undefined` for anything but the one spelling an encoder produces: `AB==` and
 * `AA==` decode to the same byte, and only one of them is accepted.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!CANONICAL_BASE64.test(text)) return undefined
  const bytes = toLatin1(atob(text))
  return toBase64(bytes) === text ? bytes : undefined
}

/** The bytes of unpadded url-safe base64, or `undefined` unless it is spelled canonically. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined
  const padding = '='.repeat((4 - (text.length % 4)) % 4)
  return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/') + padding)
}

/** `id.timestamp.body`, the bytes a signature covers. */
export function toSignedBytes(id: string, timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  // Header texts stand for the bytes on the wire, one each; hashing them as UTF-8 would encode them twice.
  const head = toLatin1(`${id}.${timestamp}.`)
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  return bytes
}

/** Whether two texts are the same, in a time that depends on their lengths only. */
export function equalText(expected: string, presented: string): boolean {
  if (presented.length !== expected.length) return false
  let difference = 0
  for (let index = 0; index < expected.length; index++) {
    difference |= expected.charCodeAt(index) ^ presented.charCodeAt(index)
  }
  return difference === 0
}
