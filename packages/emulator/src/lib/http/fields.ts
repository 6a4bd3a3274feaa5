import type { Profile } from '../shared/delivery-options.ts'
import { isPrintable } from '../shared/printable.ts'
import { parseTarget } from '../shared/target-uri.ts'
import { RequestFault } from './faults.ts'

/** A JSON object of unknown content. */
export type Fields = Record<string, unknown>

/** Whether a JSON value is an object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a field under either of its spellings: the SDK passes some through in snake_case, some in camelCase. */
export function pick(fields: Fields, camelName: string): unknown {
  return fields[camelName] ?? fields[camelName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

/** Refuses fields that are not in `known`, with the hint the live API gives for a camelCase name. */
export function checkKnown(fields: Fields, known: readonly string[]): void {
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    const hint = known.includes(snake) ? ` Did you mean '${snake}'?` : ''
    throw new RequestFault('invalid_request', `Unknown parameter '${name}'.${hint}`)
  }
}

/** Reads one of a fixed set of words. */
export function oneOf<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === value)
  if (word !== undefined) return word
  const supported = words.map((candidate) => `'${candidate}'`).join(', ')
  throw new RequestFault(
    'invalid_request',
    `The value '${toText(value)}' is not supported for '${name}'. Supported values: ${supported}.`,
  )
}

const MAX_SHOWN = 200

/** Writes a value into a message: any value, as what turns it into text may be missing or wrong. */
export function toText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

/** Reads an optional name of something, which will be shown. */
export function optionalName(name: string, value: unknown): string | undefined {
  const text = optionalText(name, value)
  if (text === undefined || (text !== '' && isPrintable(text))) return text
  throw new RequestFault('invalid_request', `'${name}' is invalid: '${toText(text)}'.`)
}

/** Reads a name of something, which will be shown. */
export function requiredName(name: string, value: unknown): string {
  const text = optionalName(name, value === '' ? undefined : value)
  if (text !== undefined) return text
  throw new RequestFault('invalid_request', `'${name}' is required.`)
}

/** Reads an optional text. */
export function optionalText(name: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  throw new RequestFault('invalid_request', `'${name}' must be a string.`)
}

/** Reads a URI that a delivery could be sent to. */
export function targetUri(name: string, value: unknown): string {
  if (typeof value === 'string' && !isPrintable(value)) {
    throw new RequestFault(
      'invalid_request',
      `'${name}' has characters that cannot be shown: '${toText(value)}'.`,
    )
  }
  if (typeof value === 'string' && parseTarget(value) !== undefined) return value
  throw new RequestFault('invalid_request', `'${name}' must be an http or https URL.`)
}

/** Where a job's own events go, and what they carry. */
export interface WebhookConfig {
  readonly uris?: readonly string[] | undefined
  readonly userMetadata?: Fields | undefined
  /** Headers to send with each attempt, in the profile `guide`. */
  readonly requestHeaders?: Readonly<Record<string, string>> | undefined
  /** The only statuses after which a delivery is tried again, in the profile `guide`. */
  readonly retryOn?: readonly number[] | undefined
}

/** Reads a job's `webhookConfig` in either spelling; empty when there is none. */
export function readWebhookConfig(value: unknown, profile: Profile): WebhookConfig {
  if (value === undefined) return {}
  if (!isFields(value)) throw new RequestFault('invalid_request', 'webhook_config must be an object.')
  const { uris } = value
  return {
    uris: readUris(uris),
    userMetadata: readMetadata(pick(value, 'userMetadata')),
    ...readGuideFields(value, profile),
  }
}

/** Reads a list of URIs; an empty one counts as none. */
export function readUris(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) throw new RequestFault('invalid_request', "'uris' must be a list.")
  const uris = value.map((uri, index) => targetUri(`uris[${index}]`, uri))
  return uris.length > 0 ? uris : undefined
}

/** Reads the metadata that is returned with each event. */
export function readMetadata(value: unknown): Fields | undefined {
  if (value === undefined || isFields(value)) return value
  throw new RequestFault('invalid_request', "'user_metadata' must be an object.")
}

/** Reads what only a guide has: Google's API knows neither field. */
function readGuideFields(fields: Fields, profile: Profile): WebhookConfig {
  const requestHeaders = pick(fields, 'requestHeaders')
  const retryOn = pick(fields, 'statusCodesToRetryOn')
  const found = [
    requestHeaders !== undefined && 'request_headers',
    retryOn !== undefined && 'status_codes_to_retry_on',
  ].find((name) => name !== false)
  if (found === undefined) return {}
  if (profile !== 'guide') {
    throw new RequestFault(
      'invalid_request',
      `Unknown parameter '${found}' at 'webhook_config'. Google's API does not have it; the emulator takes it with profile: 'guide'.`,
    )
  }
  return {
    ...(requestHeaders !== undefined && { requestHeaders: readHeaders(requestHeaders) }),
    ...(retryOn !== undefined && { retryOn: readStatuses(retryOn) }),
  }
}

// What the emulator sets itself.
const RESERVED_HEADER = /^(webhook-|host$|connection$|content-length$|transfer-encoding$)/i

/** Reads the headers that a job's own deliveries carry beside the emulator's. */
export function readHeaders(value: unknown): Record<string, string> {
  const headers = isFields(value) ? Object.entries(value) : [['', value] as const]
  for (const [name, text] of headers) {
    const isHeader = /^[\w!#$%&'*+.^`|~-]+$/.test(name) && typeof text === 'string' && /^[\t -~]*$/.test(text)
    if (isHeader && !RESERVED_HEADER.test(name)) continue
    throw new RequestFault('invalid_request', `'request_headers' cannot have the header '${name}'.`)
  }
  return value as Record<string, string>
}

/** Reads the statuses after which a delivery is tried again. */
export function readStatuses(value: unknown): readonly number[] {
  const isStatus = (status: unknown) =>
    Number.isInteger(status) && Number(status) >= 100 && Number(status) < 600
  if (Array.isArray(value) && value.every(isStatus)) return value
  throw new RequestFault('invalid_request', "'status_codes_to_retry_on' must list HTTP statuses.")
}
