import { CliError } from '../shared/cli-error.ts'

/** A delivery as it was recorded. */
export interface RecordedDelivery {
  /** By name in lower case; several values for a header that was sent more than once. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  /** The exact bytes. */
  readonly body: Uint8Array
  /** When it was sent, in epoch milliseconds, if the recording says so. */
  readonly at?: number
}

/** Groups header lines by their name. */
export function toHeaders(
  pairs: Iterable<readonly [name: string, value: string]>,
): RecordedDelivery['headers'] {
  const headers: Record<string, string[]> = Object.create(null)
  for (const [name, value] of pairs) {
    const key = name.trim().toLowerCase()
    headers[key] ??= []
    headers[key].push(value.trim())
  }
  return headers
}

/** Reads one `name: value` line. */
export function toHeader(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':')
  if (colon > 0) return [line.slice(0, colon), line.slice(colon + 1)]
  throw new CliError('config', `the header line "${shorten(line)}" has no colon`)
}

function shorten(text: string): string {
  return text.length > 30 ? `${text.slice(0, 30)}...` : text
}
