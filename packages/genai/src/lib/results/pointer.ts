import { parseEvent, type WebhookEvent } from '@gwh/core'
import { ResultError } from '../shared/errors.ts'

/** Where the event says its result is: `files/…`, or `undefined` if it does not say. */
export function fileOf(event: WebhookEvent): string | undefined {
  const { file } = event.data
  return typeof file === 'string' ? file : undefined
}

/**
 * Returns `files/…` for any pointer of the API: a name, a URL with or without `:download`, a bare id. A name such as
 * `files/batch-…` is kept whole; the SDK would cut it at the hyphen. `undefined` for `gs://…` and whatever names no
 * Gemini API file.
 */
export function findFileName(pointer: string): string | undefined {
  // The same reading as that of events.
  const data = { id: 'x', output_file_uri: pointer }
  return fileOf(parseEvent(JSON.stringify({ type: 'video.generated', data })))
}

/**
 * Returns `files/…` like `findFileName`.
 *
 * @throws ResultError `result_unsupported` for whatever names no Gemini API file
 */
export function toFileName(pointer: string): string {
  const file = findFileName(pointer)
  if (file !== undefined) return file
  const place = /^\w+:/.exec(pointer)?.[0] ?? 'its pointer'
  throw new ResultError('result_unsupported', `${place} names no file of the Gemini API`)
}
