import type { SignedDelivery } from '../fixtures/signed-delivery.ts'

/** A request as it will be sent, before its last changes. */
export interface OutgoingRequest {
  method: string
  target: string
  headers: readonly (readonly [name: string, value: string])[]
  /** One character a byte. */
  body: string
}

export function toRequest({ headers, body }: SignedDelivery, url: URL): OutgoingRequest {
  return {
    method: 'POST',
    target: `${url.pathname}${url.search}`,
    headers: [['host', url.host], ...Object.entries(headers), ['content-length', String(body.length)]],
    body: toLatin1(body),
  }
}

/** The request with a header added or replaced; `undefined` removes it. */
export function withHeader(
  request: OutgoingRequest,
  name: string,
  value: string | undefined,
): OutgoingRequest {
  const others = request.headers.filter(([known]) => known !== name)
  return { ...request, headers: value === undefined ? others : [...others, [name, value]] }
}

/** The request with a body sent in chunks. */
export function inChunks(request: OutgoingRequest, ...chunks: string[]): OutgoingRequest {
  const chunked = withHeader(withHeader(request, 'content-length', undefined), 'transfer-encoding', 'chunked')
  return { ...chunked, body: [...chunks, ''].map(toChunk).join('') }
}

export function toChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

export function renderHead({ method, target, headers }: OutgoingRequest): string {
  return [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ].join('\r\n')
}

export function renderRequest(request: OutgoingRequest): string {
  return renderHead(request) + request.body
}

export function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
