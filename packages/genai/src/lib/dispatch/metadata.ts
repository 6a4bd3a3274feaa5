import { parseEvent } from '@gwh/core'
import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { invalid } from '../shared/options.ts'

/**
 * Largest metadata, in bytes of JSON, job token included. Google publishes no limit; a webhook should stay below 20 kB
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-size).
 */
export const MOST_METADATA_BYTES = 8_192

/**
 * Checks the metadata of a job: a plain object that JSON keeps as it is, without the member of the job token.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkMetadata(metadata: unknown): void {
  if (!isPlain(metadata)) throw invalid('userMetadata must be a plain object')
  if (JOB_TOKEN_FIELD in metadata) throw invalid(`userMetadata must not have the member ${JOB_TOKEN_FIELD}`)
  checkJson(metadata, 'userMetadata', new Set())
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
function checkJson(value: unknown, path: string, above: ReadonlySet<unknown>): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (!Array.isArray(value) && !isPlain(value)) throw invalid(`${path} is not JSON`)
  if (above.has(value)) throw invalid(`${path} contains itself`)
  const here = new Set(above).add(value)
  for (const [name, member] of Object.entries(value)) checkJson(member, `${path}.${name}`, here)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
