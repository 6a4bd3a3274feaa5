import type { ClientRequest, IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { AttemptCode } from '../shared/types.ts'

/** Sends one request, as `fetch` does; redirects are the caller's to refuse. */
export type Send = (uri: string, request: SendRequest) => Promise<Answer>

/** A receiver's answer: a `Response`, or one with a status that a `Response` cannot have. */
export interface Answer extends Pick<Response, 'status' | 'headers' | 'body'> {
  /** What is wrong with the status. */
  readonly reason?: string
}

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
      outgoing.once('upgrade', (incoming, socket) => {
        socket.destroy()
        resolve(toAnswer(incoming, null))
      })
      outgoing.once('response', (incoming) => {
        resolve(toAnswer(incoming, Readable.toWeb(incoming) as unknown as Answer['body']))
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

function toAnswer(incoming: IncomingMessage, body: Answer['body']): Answer {
  const status = incoming.statusCode ?? 0
  const retryAfter = incoming.headers['retry-after']
  const reason = whyUnusable(status)
  return {
    status,
    headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    body,
    ...(reason && { reason }),
  }
}

/** What is wrong with a status that cannot end an exchange (https://www.rfc-editor.org/rfc/rfc9110#section-15). */
function whyUnusable(status: number): string | undefined {
  if (status === 101) return 'the receiver switched to another protocol'
  return status < 100 || status > 599 ? 'HTTP has no such status' : undefined
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
