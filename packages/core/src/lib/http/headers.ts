import { type Refusal, refuse } from '../shared/refusal.ts'

/** Request headers: a `Headers` object, or a plain object such as Node's. */
export type HeadersLike =
  /** `get` is called with lower-case names. A list of values stands for a repeated header. */
  | { get(name: string): string | readonly string[] | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

/** The three Standard Webhooks headers, as received. */
export interface DeliveryHeaders {
  id: string
  timestamp: string
  signature: string
}

const ID = /^[\x21-\x2b\x2d\x2f-\x7e]{1,256}$/
// A comma before a space comes from joining repeated headers, except in a bare `v1,` or `v1a,` without a signature.
const JOINED = /(?<!(?:^| )v1a?), /
/** Longest `webhook-signature` that is parsed, in characters; longer ones are refused. */
export const MAX_SIGNATURE_CHARACTERS = 8192

/**
 * Reads `webhook-id`, `webhook-timestamp` and `webhook-signature`.
 *
 * Runtimes join repeated headers with `, `, so an unexpected comma means that a header was sent more than once.
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
  if (id.includes(',')) return duplicate('webhook-id')
  if (timestamp.includes(',')) return duplicate('webhook-timestamp')
  if (JOINED.test(signature)) return duplicate('webhook-signature')
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

function duplicate(name: string): Refusal {
  return refuse('header_duplicate', `${name} was sent more than once`)
}

/** Returns `webhook-id` if it was sent once and is well-formed. It is not verified, so use it in reports only. */
export function readWellFormedId(headers: HeadersLike): string | undefined {
  const id = readOptionalHeader(headers, 'webhook-id')
  return typeof id === 'string' && ID.test(id) ? id : undefined
}

/** Returns the value of a header; a missing or empty one is `header_missing`. */
export function readHeader(headers: HeadersLike, name: string): string | Refusal {
  const value = readOptionalHeader(headers, name)
  return value === undefined || value === '' ? refuse('header_missing', `${name} is missing`) : value
}

/** Like `readHeader`, but returns `undefined` for an absent header. */
export function readOptionalHeader(headers: HeadersLike, name: string): string | Refusal | undefined {
  if (!isObject(headers)) return refuse('header_malformed', 'the headers are not an object')
  const found = getHeader(headers, name)
  if (Array.isArray(found) && found.length > 1) return duplicate(name)
  const value: unknown = Array.isArray(found) ? found[0] : found
  if (typeof value === 'string') return trimWhiteSpace(value)
  return value === undefined || value === null ? undefined : refuse('header_malformed', `${name} is not text`)
}

/** Returns a header as the runtime stores it, repetitions included. It may be of any type; `undefined` if absent. */
export function getHeader(headers: HeadersLike, name: string): unknown {
  if (!isObject(headers)) return undefined
  return isHeaders(headers) ? headers.get(name) : (headers[name] ?? findAnyCase(headers, name))
}

/** Surrounding white space is not part of a value (RFC 9110, 5.5), but not every runtime trims it. */
function trimWhiteSpace(value: string): string {
  // A regular expression anchored at the end would take quadratic time on values with long runs of white space.
  let [start, end] = [0, value.length]
  while (isWhiteSpace(value.charCodeAt(start))) start++
  while (end > start && isWhiteSpace(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Untyped callers can pass anything as headers. */
function isObject(headers: unknown): boolean {
  return typeof headers === 'object' && headers !== null
}

function isHeaders(headers: HeadersLike): headers is HeadersLike & { get(name: string): unknown } {
  return typeof headers.get === 'function'
}

/** AWS Lambda and test code keep the case of names as sent. */
function findAnyCase(headers: Readonly<Record<string, unknown>>, name: string): unknown {
  const spellings = Object.keys(headers).filter(
    (key) => key.length === name.length && key.toLowerCase() === name,
  )
  return spellings.length > 1 ? spellings : headers[spellings[0] ?? name]
}
