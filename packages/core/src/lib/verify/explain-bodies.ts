import { toUtf8 } from '../shared/bytes.ts'
import { readJson } from '../shared/json.ts'

/** A guess at the signed body, and the change that would explain the received one. */
export interface BodyVariant {
  /** The change: JSON serialised again, another character encoding, or other line ends. */
  what: 'reserialised' | 'reencoded' | 'newline'
  /** The bytes before the change. */
  body: Uint8Array
}

/** The longest body whose changes are guessed, in bytes. Deliveries of Google are much shorter. */
export const MAX_GUESSED_BYTES = 64 * 1024

// Deep nesting makes indented JSON many times longer than the compact one.
const MOST_INDENTED = 4 * MAX_GUESSED_BYTES

/** Guesses which bodies may have been signed, from the received one. Makes each when it is asked for. */
export function* guessBodies(body: Uint8Array): Generator<BodyVariant> {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  for (const variant of newlineVariants(text)) yield { what: 'newline', body: toUtf8(variant) }
  for (const variant of encodingVariants(text)) yield { what: 'reencoded', body: variant }
  for (const variant of serialisations(text)) yield { what: 'reserialised', body: toUtf8(variant) }
}

function* newlineVariants(text: string): Generator<string> {
  const trimmed = text.trimEnd()
  yield trimmed
  yield `${trimmed}\n`
  yield `${trimmed}\r\n`
  yield text.replaceAll('\r\n', '\n')
  yield text.replaceAll(/\r?\n/g, '\r\n')
}

/** Variants for a byte order mark dropped or added, and for UTF-8 read as Latin-1 and encoded again. */
function* encodingVariants(text: string): Generator<Uint8Array> {
  yield toUtf8(text.startsWith('\ufeff') ? text.slice(1) : `\ufeff${text}`)
  if (/^[\0-\xff]*$/.test(text)) yield Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** The same JSON as other serialisers write it: JavaScript (compact and indented), Python, and with Google's escapes. */
function* serialisations(text: string): Generator<string> {
  const parsed = readJson(text)
  if (!parsed || parsed.flaw === 'too_deep') return
  for (const json of serialise(parsed.value)) {
    yield json
    yield escapeNonAscii(json)
    yield escapeHtml(json)
    yield json.replaceAll('/', '\\/')
  }
}

function* serialise(value: unknown): Generator<string> {
  const compact = JSON.stringify(value)
  yield compact
  yield spaceOut(compact)
  for (const spaces of [2, 4]) {
    const indented = JSON.stringify(value, null, spaces)
    if (indented.length > MOST_INDENTED) return
    yield indented
  }
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
