/** One HTTP/1 response as it was received. */
export interface WireResponse {
  /** 0 for bytes that are not an HTTP response. */
  status: number
  /** Names in lower case; of a repeated header, the last. */
  headers: ReadonlyMap<string, string>
  body: string
}

/**
 * Takes the first response off the front of what a connection has received.
 *
 * @param text What was received, one character a byte
 * @param options.ended Whether nothing more is coming
 * @param options.bodiless Whether the response is to a HEAD request
 * @returns The response and what is left after it; `undefined` while it is not complete
 */
export function takeResponse(
  text: string,
  { ended, bodiless }: { ended: boolean; bodiless: boolean },
): { response: WireResponse; rest: string } | undefined {
  if (text === '') return undefined
  const headEnd = text.indexOf('\r\n\r\n')
  const isHttp = text.startsWith('HTTP/1.'.slice(0, text.length))
  if (!isHttp || (headEnd === -1 && ended)) return ended ? gibberish(text) : undefined
  if (headEnd === -1) return undefined
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const status = Number(statusLine.split(' ')[1])
  const headers = new Map(lines.map(toEntry))
  const body = takeBody(text.slice(headEnd + 4), { status, headers, ended, bodiless })
  return body && { response: { status, headers, body: body.text }, rest: body.rest }
}

/** A handshake of another protocol, or a body without a head. */
function gibberish(text: string): { response: WireResponse; rest: string } {
  return { response: { status: 0, headers: new Map(), body: text }, rest: '' }
}

function toEntry(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
}

interface Taken {
  text: string
  rest: string
}

function takeBody(
  text: string,
  about: { status: number; headers: ReadonlyMap<string, string>; ended: boolean; bodiless: boolean },
): Taken | undefined {
  const { status, headers, ended, bodiless } = about
  if (bodiless || status < 200 || status === 204 || status === 304) return { text: '', rest: text }
  if (headers.get('transfer-encoding') === 'chunked') return takeChunks(text)
  const length = headers.get('content-length')
  if (length === undefined) return ended ? { text, rest: '' } : undefined
  if (text.length < Number(length)) return undefined
  return { text: text.slice(0, Number(length)), rest: text.slice(Number(length)) }
}

function takeChunks(text: string): Taken | undefined {
  let body = ''
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (text.length < next) return undefined
    if (size === 0) return { text: body, rest: text.slice(next) }
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = next
  }
}
