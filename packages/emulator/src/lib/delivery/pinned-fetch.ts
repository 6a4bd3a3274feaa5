import type { IncomingMessage } from 'node:http'

// Statuses that `Response` takes no body with (https://fetch.spec.whatwg.org/#null-body-status).
const NULL_BODY = [204, 205, 304]

/**
 * Makes a `fetch` that connects to `address`, whatever the URL's host name resolves to; the name still goes into
 * the `Host` header and the TLS handshake. Follows no redirects. Loads `node:http` or `node:https` on first use.
 */
export function pinnedFetch(address: string): typeof globalThis.fetch {
  return async (input, { method, headers, body, signal } = {}) => {
    const url = new URL(String(input))
    const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'))
    const family = address.includes(':') ? 6 : 4
    return new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method,
        headers: {
          ...(headers as Record<string, string>),
          'content-length': (body as Uint8Array).byteLength,
        },
        signal: signal ?? undefined,
        agent: false,
        lookup: (_host, { all }, callback) =>
          all ? callback(null, [{ address, family }]) : callback(null, address, family),
      })
      outgoing.once('error', reject)
      outgoing.once('response', (incoming) => toResponse(incoming).then(resolve, reject))
      outgoing.end(body)
    })
  }
}

async function toResponse(incoming: IncomingMessage): Promise<Response> {
  const { Readable } = await import('node:stream')
  const status = incoming.statusCode ?? 0
  const retryAfter = incoming.headers['retry-after']
  const headers = new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter })
  if (NULL_BODY.includes(status)) return new Response(null, { status, headers })
  return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, { status, headers })
}
