import { parseEvent } from '@gwh/core'
import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { invalid } from '../shared/options.ts'

/**
 * Largest metadata, in bytes of JSON, job token included. Google publishes no limit; a webhook should stay below 20 kB
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-size).
 */
export const MOST_METADATA_BYTES = 8_192

// A receiver reads 64 levels of JSON, and the metadata is a member of the event.
const MOST_LEVELS = 63

/**
 * Copies the metadata of a job: a plain object that JSON keeps as it is, without the member of the job token.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function copyMetadata(metadata: unknown): Record<string, unknown> {
  if (!isPlain(metadata)) throw invalid('userMetadata must be a plain object')
  if (JOB_TOKEN_FIELD in metadata) throw invalid(`userMetadata must not have the member ${JOB_TOKEN_FIELD}`)
  return copyObject(metadata, 'userMetadata', [])
}

/**
 * Checks what is sent: that it is not too large, and that a receiver will be able to read it.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkSize(metadata: object): void {
  const text = JSON.stringify(metadata)
  const bytes = new TextEncoder().encode(text).length
  if (bytes > MOST_METADATA_BYTES) {
    throw invalid(`userMetadata is too large: ${bytes} bytes of at most ${MOST_METADATA_BYTES}`)
  }
  try {
    parseEvent(`{"type":"check","data":{},"user_metadata":${text}}`)
  } catch (error) {
    throw invalid(`no receiver accepts this userMetadata: ${(error as Error).message}`)
  }
}

/** JSON would drop or change any other value without a word. */
function copyJson(value: unknown, path: string, above: readonly object[]): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return copyArray(value, path, above)
  if (isPlain(value)) return copyObject(value, path, above)
  throw invalid(`${path} is not JSON`)
}

function copyArray(values: readonly unknown[], path: string, above: readonly object[]): unknown[] {
  const here = enter(values, path, above)
  const copy: unknown[] = []
  // Not by an iterator, which skips the holes or reads the getters.
  for (let index = 0; index < values.length; index++) copy.push(copyMember(values, `${index}`, path, here))
  return copy
}

function copyObject(value: object, path: string, above: readonly object[]): Record<string, unknown> {
  const here = enter(value, path, above)
  return Object.fromEntries(Object.keys(value).map((name) => [name, copyMember(value, name, path, here)]))
}

function enter(value: object, path: string, above: readonly object[]): object[] {
  if (above.includes(value)) throw invalid(`${path} contains itself`)
  if (above.length === MOST_LEVELS) throw invalid(`userMetadata has more than ${MOST_LEVELS} levels`)
  return [...above, value]
}

function copyMember(owner: object, name: string, path: string, above: readonly object[]): unknown {
  const { value, get, set } = Object.getOwnPropertyDescriptor(owner, name) ?? {}
  // A getter may throw, or return something else when the request is sent.
  if (get || set) throw invalid(`${path}.${name} is a getter or setter; pass its value`)
  return copyJson(value, `${path}.${name}`, above)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
