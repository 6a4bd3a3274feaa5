import { type Refusal, refuse } from '../shared/refusal.ts'

/** Headers in any shape a runtime hands them over. */
export type HeadersLike =
  /** Names are asked for in lower case; several values are a header that was sent more than once. */
  | { get(name: string): string | readonly string[] | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

/** The three Standard Webhooks headers, as received. */
export interface DeliveryHeaders {
  id: string
  timestamp: string
  signature: string
}

const ID = /^[\x21-\x2b\x2d\x2f-\x7e]{1,256}$/
// An entry with a comma at its end, unless it is a bare tag: that one is an entry without a signature.
const JOINED = /(?<!(?:^| )v1a?), /
const MAX_SIGNATURE_CHARACTERS = 8192

/**
 * Reads `webhook-id`, `webhook-timestamp` and `webhook-signature`.
 *
 * Every runtime joins a repeated header with `, `, so a comma where none belongs is how a duplicate shows.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#webhook-headers-sending-metadata-to-consumers
 */
export function readHeaders(headers: HeadersLike): DeliveryHeaders | Refusal {
  const id = readHeader(headers, 'webhook-id')
  if (typeof id !== 'string') return id
  const timestamp = readHeader(headers, 'webhook-timestamp')
  if (typeof timestamp !== 'string') return timestamp
  const signature = readHeader(headers, 'webhook-signature')
  if (typeof signature !== 'string') return signature
  return checkSyntax({ id, timestamp, signature })
}

function checkSyntax(headers: DeliveryHeaders): DeliveryHeaders | Refusal {
  const { id, timestamp, signature } = headers
  if (id.includes(',')) return refuse('header_duplicate', 'webhook-id was sent more than once')
  if (timestamp.includes(',')) return refuse('header_duplicate', 'webhook-timestamp was sent more than once')
  if (JOINED.test(signature)) return refuse('header_duplicate', 'webhook-signature was sent more than once')
  if (!ID.test(id))
    return refuse('id_malformed', 'webhook-id is not 1 to 256 visible ASCII characters without a dot')
  if (signature.length > MAX_SIGNATURE_CHARACTERS) {
    return refuse(
      'signature_malformed',
      `webhook-signature is longer than ${MAX_SIGNATURE_CHARACTERS} characters`,
    )
  }
  return headers
}

/** `webhook-id`, where it is there once and well-formed. For reports: nothing about it is verified. */
export function readWellFormedId(headers: HeadersLike): string | undefined {
  const id = readOptionalHeader(headers, 'webhook-id')
  return typeof id === 'string' && ID.test(id) ? id : undefined
}

/** One header's text, from whatever shape the headers have. */
export function readHeader(headers: HeadersLike, name: string): string | Refusal {
  const value = readOptionalHeader(headers, name)
  return value === undefined || value === '' ? refuse('header_missing', `${name} is missing`) : value
}

/** Like `readHeader`, but absent is `undefined`. */
export function readOptionalHeader(headers: HeadersLike, name: string): string | Refusal | undefined {
  // Plain JavaScript may pass none at all.
  if (typeof headers !== 'object' || headers === null) {
    return refuse('header_malformed', 'the headers are not an object')
  }
  const value = getHeader(headers, name)
  if (typeof value === 'string') return trimWhiteSpace(value)
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) return refuse('header_malformed', `${name} is not text`)
  if (value.length > 1) return refuse('header_duplicate', `${name} was sent more than once`)
  if (value.length === 0) return undefined
  return typeof value[0] === 'string'
    ? trimWhiteSpace(value[0])
    : refuse('header_malformed', `${name} is not text`)
}

/** One header as the runtime has it, repetitions included; anything but text or a list of it is a mistake. */
export function getHeader(headers: HeadersLike, name: string): unknown {
  return isHeaders(headers) ? headers.get(name) : (headers[name] ?? findAnyCase(headers, name))
}

/** White space around a value is no part of it (RFC 9110, 5.5), though not every runtime takes it off. */
function trimWhiteSpace(value: string): string {
  // Not an expression: one that looks for white space at the end takes quadratic time where there is much inside.
  let [start, end] = [0, value.length]
  while (isWhiteSpace(value.charCodeAt(start))) start++
  while (end > start && isWhiteSpace(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function isHeaders(headers: HeadersLike): headers is HeadersLike & { get(name: string): unknown } {
  return typeof headers.get === 'function'
}

/** Lambda, test code and the like hand over names as they were written. */
function findAnyCase(headers: Readonly<Record<string, unknown>>, name: string): unknown {
  const spellings = Object.keys(headers).filter(
    (key) => key.length === name.length && key.toLowerCase() === name,
  )
  return spellings.length > 1 ? spellings : headers[spellings[0] ?? name]
}
