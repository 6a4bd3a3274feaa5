import { toUtf8 } from '../shared/bytes.ts'

/** What may have been done to a body on its way, and what the bytes were before that. */
export interface BodyVariant {
  what: 'reserialised' | 'reencoded' | 'newline'
  body: Uint8Array
}

/** Bodies that were perhaps signed, guessed from the one that arrived. */
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

/** A byte order mark dropped or added; UTF-8 taken for Latin-1 and encoded again. */
function encodingVariants(text: string): Uint8Array[] {
  const variants = [toUtf8(text.startsWith('\ufeff') ? text.slice(1) : `\ufeff${text}`)]
  if (/^[\0-\xff]*$/.test(text)) variants.push(Uint8Array.from(text, (character) => character.charCodeAt(0)))
  return variants
}

/** The same JSON as other serialisers write it: JavaScript's, compact and indented, Python's, and Google's escapes. */
function serialisations(text: string): string[] {
  try {
    return serialise(JSON.parse(text))
  } catch {
    // No JSON, or nested too deep to be written again.
    return []
  }
}

function serialise(value: unknown): string[] {
  const compact = JSON.stringify(value)
  const spaced = spaceOut(compact)
  const plain = [compact, JSON.stringify(value, null, 2), JSON.stringify(value, null, 4), spaced]
  return plain.flatMap((json) => [json, escapeNonAscii(json), escapeHtml(json), json.replaceAll('/', '\\/')])
}

/** `", "` and `": "` between tokens, as Python's json.dumps writes; strings are left alone. */
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
