import type { ClientRequest, IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { AttemptCode } from '../shared/types.ts'

/** Sends one request, as `fetch` does; redirects are the caller's to refuse. */
export type Send = (uri: string, request: SendRequest) => Promise<Response>

/** What is sent. */
export interface SendRequest {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: Uint8Array<ArrayBuffer>
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** What goes wrong with a request on its connection. */
export type WireFault =
  /** Half of the announced body, then no connection. */
  | { readonly type: 'truncated_body' }
  /** The body piece by piece over `ms` milliseconds. */
  | { readonly type: 'slow_sender'; readonly ms: number }
  /** The whole request, then no connection. */
  | { readonly type: 'cut_before_answer' }

/** How {@link nodeSend} sends. */
export interface NodeSendOptions {
  /** The IP address to connect to, whatever the host name resolves to; default what the system finds. */
  readonly address?: string | undefined
  readonly wire?: WireFault | undefined
}

// Statuses that `Response` takes no body with (https://fetch.spec.whatwg.org/#null-body-status).
const NULL_BODY = [204, 205, 304]

/**
 * Makes a `fetch` on `node:http` or `node:https`, which are loaded on first use. The global one fails on an answer
 * that begins with `100 Continue`, inflates compressed ones, and cannot be told which address to connect to. Follows
 * no redirects. The host name still goes into the `Host` header and the TLS handshake.
 */
export function nodeSend({ address, wire }: NodeSendOptions): Send {
  return async (uri, { method, headers, body, signal }) => {
    const url = new URL(uri)
    const [{ request }, { Readable }] = await Promise.all([
      url.protocol === 'https:' ? import('node:https') : import('node:http'),
      import('node:stream'),
    ])
    return new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method,
        headers: { ...headers, 'content-length': body.byteLength },
        signal,
        agent: false,
        ...(address !== undefined && { lookup: fixedLookup(address) }),
      })
      outgoing.on('error', reject)
      outgoing.once('upgrade', (_, socket) => {
        socket.destroy()
        reject(connectionFailed('the receiver switched to another protocol'))
      })
      outgoing.once('response', (incoming) => {
        const toWeb = () => Readable.toWeb(incoming) as unknown as ReadableStream<Uint8Array>
        try {
          resolve(toResponse(incoming, toWeb))
        } catch (error) {
          incoming.destroy()
          reject(error)
        }
      })
      write(outgoing, body, wire)
    })
  }
}

/** A `fetch` fails with a `TypeError` when its connection does. */
function connectionFailed(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'connection_failed' satisfies AttemptCode })
}

function fixedLookup(address: string): LookupFunction {
  const family = address.includes(':') ? 6 : 4
  return (_host, { all }, callback) =>
    all ? callback(null, [{ address, family }]) : callback(null, address, family)
}

/** Builds a response; throws on a status that HTTP does not have. */
function toResponse(incoming: IncomingMessage, toWeb: () => ReadableStream<Uint8Array>): Response {
  const status = incoming.statusCode ?? 0
  const retryAfter = incoming.headers['retry-after']
  const headers = new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter })
  if (!NULL_BODY.includes(status)) return new Response(toWeb(), { status, headers })
  incoming.destroy()
  return new Response(null, { status, headers })
}

const SLOW_PIECES = 20

function write(outgoing: ClientRequest, bytes: Uint8Array, wire: WireFault | undefined): void {
  const cut = () => outgoing.destroy(connectionFailed(`cut by the fault ${wire?.type}`))
  if (wire?.type === 'truncated_body') outgoing.write(bytes.subarray(0, bytes.byteLength / 2), cut)
  else if (wire?.type === 'slow_sender') writeSlowly(outgoing, bytes, wire.ms)
  else outgoing.end(bytes, wire?.type === 'cut_before_answer' ? cut : undefined)
}

function writeSlowly(outgoing: ClientRequest, bytes: Uint8Array, ms: number): void {
  const length = Math.ceil(bytes.byteLength / SLOW_PIECES)
  let sent = 0
  const timer = setInterval(() => {
    outgoing.write(bytes.subarray(sent, sent + length))
    sent += length
    if (sent < bytes.byteLength) return
    clearInterval(timer)
    outgoing.end()
  }, ms / SLOW_PIECES)
  outgoing.once('close', () => clearInterval(timer))
  outgoing.flushHeaders()
}
