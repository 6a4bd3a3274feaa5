import { toUtf8 } from '../shared/bytes.ts'

/** A guess at the signed body, and the change that would explain the received one. */
export interface BodyVariant {
  /** The change: JSON serialised again, another character encoding, or other line ends. */
  what: 'reserialised' | 'reencoded' | 'newline'
  /** The bytes before the change. */
  body: Uint8Array
}

/** Guesses which bodies may have been signed, from the received one. */
export function guessBodies(body: Uint8Array): BodyVariant[] {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  return [
    ...newlineVariants(text).map((variant) => ({ what: 'newline' as const, body: toUtf8(variant) })),
    ...encodingVariants(text).map((variant) => ({ what: 'reencoded' as const, body: variant })),
    ...serialisations(text).map((variant) => ({ what: 'reserialised' as const, body: toUtf8(variant) })),
  ]
}

function newlineVariants(text: string): string[] {
  const trimmed = text.trimEnd()
  return [
    trimmed,
    `${trimmed}\n`,
    `${trimmed}\r\n`,
    text.replaceAll('\r\n', '\n'),
    text.replaceAll(/\r?\n/g, '\r\n'),
  ]
}

/** Variants for a byte order mark dropped or added, and for UTF-8 read as Latin-1 and encoded again. */
function encodingVariants(text: string): Uint8Array[] {
  const variants = [toUtf8(text.startsWith('\ufeff') ? text.slice(1) : `\ufeff${text}`)]
  if (/^[\0-\xff]*$/.test(text)) variants.push(Uint8Array.from(text, (character) => character.charCodeAt(0)))
  return variants
}

/** The same JSON as other serialisers write it: JavaScript (compact and indented), Python, and with Google's escapes. */
function serialisations(text: string): string[] {
  try {
    return serialise(JSON.parse(text))
  } catch {
    // Not JSON, or nested too deep to serialise.
    return []
  }
}

function serialise(value: unknown): string[] {
  const compact = JSON.stringify(value)
  const spaced = spaceOut(compact)
  const plain = [compact, JSON.stringify(value, null, 2), JSON.stringify(value, null, 4), spaced]
  return plain.flatMap((json) => [json, escapeNonAscii(json), escapeHtml(json), json.replaceAll('/', '\\/')])
}

/** Adds a space after `,` and `:` outside strings, as Python's `json.dumps` does. */
function spaceOut(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (token) =>
    token === ',' || token === ':' ? `${token} ` : token,
  )
}

function escapeNonAscii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function escapeHtml(json: string): string {
  return json.replace(
    /[<>&='\u2028\u2029]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
