import { CliError } from '../shared/cli-error.ts'
import { type RecordedDelivery, toHeader, toHeaders } from './delivery.ts'

const REQUEST_LINE = /^[A-Z]+ \S+( HTTP\/[\d.]+)?$/

/** Reads a request as it is on the wire: an optional request line, header lines, an empty line, the body. */
export function parseHttp(bytes: Uint8Array): RecordedDelivery {
  const { head, body } = split(bytes)
  const headers = parseHeaderLines(head)
  if (headers['transfer-encoding'] !== undefined) {
    throw new CliError('config', 'the body is in chunks (transfer-encoding)', {
      hint: 'Save the body alone, and pass it with --body-file and the headers with --header-file.',
    })
  }
  return { headers, body: cut(body, headers['content-length']?.[0]) }
}

/** Reads header lines; a request line before them is skipped. */
export function parseHeaderLines(text: string): RecordedDelivery['headers'] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '')
  return toHeaders((REQUEST_LINE.test(lines[0] ?? '') ? lines.slice(1) : lines).map(toHeader))
}

function split(bytes: Uint8Array): { head: string; body: Uint8Array } {
  // One character for each byte, so that an index in the text is one in the bytes.
  const text = Buffer.from(bytes).toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)
  if (end === null) return { head: text, body: new Uint8Array() }
  return { head: text.slice(0, end.index), body: bytes.subarray(end.index + end[0].length) }
}

/** What follows the announced length, such as the newline of an editor, is not part of the body. */
function cut(body: Uint8Array, length: string | undefined): Uint8Array {
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw new CliError('config', `content-length is no number of bytes: ${length.slice(0, 30)}`)
  }
  const wanted = Number(length ?? body.length)
  if (wanted <= body.length) return body.subarray(0, wanted)
  throw new CliError('config', `the body was cut short: ${body.length} of ${length} bytes are there`)
}
