import { type Answer, answerFor } from '../http/answer.ts'
import { createBodyCollector, toRawBody } from '../http/body.ts'
import type { BodyLimits } from '../http/body-limits.ts'
import type { HeadersLike } from '../http/headers.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import type { NodeRequestLike, NodeResponseLike } from '../http/node-types.ts'
import { adviseRawBody } from '../http/raw-body-advice.ts'
import type { Receiver } from '../receiver/receiver.ts'
import { systemClock } from '../shared/clock.ts'
import type { WebhookErrorCode } from '../shared/errors.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'

/** Properties that body parsers and platforms add to a request. */
interface ReadRequest extends NodeRequestLike {
  /** The raw bytes, kept by Google's functions-framework, Firebase and NestJS. */
  rawBody?: unknown
  /** The result of a body parser. */
  body?: unknown
}

/** Answers a request of `node:http` or of a framework built on it. Never rejects. */
export async function answerNodeRequest(
  receiver: Receiver,
  request: NodeRequestLike,
  response: NodeResponseLike,
): Promise<void> {
  const { method = 'GET', socket } = request
  const answer = await receiver.receive({
    method,
    headers: headersOf(request),
    body: bodyOf(request, response),
    remoteAddress: socket?.remoteAddress,
  })
  write(request, response, answer)
}

/** Answers a request with an error code. */
export function refuseNodeRequest(
  code: WebhookErrorCode,
  request: NodeRequestLike,
  response: NodeResponseLike,
): void {
  write(request, response, answerFor(code))
}

/** `headers` joins repeated headers, so repetitions are read from `rawHeaders` if the platform provides it. */
function headersOf({ headers, rawHeaders = [] }: NodeRequestLike): HeadersLike {
  return {
    get(name) {
      const value = headers[name]
      if (typeof value !== 'string' || !value.includes(', ')) return value ?? null
      const sent = rawHeaders.filter(
        (_, index) => rawHeaders[index - 1]?.toLowerCase() === name && index % 2 === 1,
      )
      return sent.length > 1 ? sent : value
    },
  }
}

/** The body if it was already read, otherwise a function that reads it. */
function bodyOf(request: ReadRequest, response: NodeResponseLike): IncomingDelivery['body'] {
  const kept = toRawBody(request.rawBody ?? request.body)
  if (kept instanceof Uint8Array) return kept
  if (kept) return async () => misread('parsed', request)
  // The stream has ended and its bytes were not kept.
  if (request.readableEnded) return async () => misread('read and not kept', request)
  return (limits) => readBody(request, response, limits)
}

function misread(how: string, request: NodeRequestLike): Refusal {
  return refuse(
    'raw_body_required',
    `the body was ${how} before it reached the receiver. ${adviseRawBody(request)}`,
  )
}

function readBody(
  request: NodeRequestLike,
  response: NodeResponseLike,
  limits: BodyLimits,
): Promise<Uint8Array | Refusal> {
  const collector = createBodyCollector(limits, systemClock, declaredLength(request))
  request.on('data', (chunk) => {
    // Once there is an answer, `discardRest` reads the rest.
    if (!collector.push(chunk) && !response.headersSent) request.pause()
  })
  request.on('end', collector.end)
  request.on('error', collector.fail)
  request.on('close', collector.fail)
  return collector.result
}

/** Node enforces it, and refuses a request that also has a transfer coding (RFC 9112, 6.3). */
function declaredLength({ headers }: NodeRequestLike): number | undefined {
  const length = headers['content-length']
  return typeof length === 'string' && !('transfer-encoding' in headers) ? Number(length) : undefined
}

function write(request: NodeRequestLike, response: NodeResponseLike, answer: Answer): void {
  if (response.headersSent || response.destroyed) return
  const { status, headers, body } = answer
  const unread = request.complete === false
  // Answers are ASCII, so their length in bytes is that of the text.
  const head = { ...headers, 'content-length': body.length }
  response.writeHead(status, unread ? { ...head, connection: 'close' } : head)
  if (!unread) return void response.end(body)
  // The answer is complete with this. Node closes the connection at `end`, whatever the sender is still sending.
  response.write(body)
  discardRest(request, () => response.end())
}

const LINGER_BYTES = 64 * 1024
const LINGER_MS = 1_000

/**
 * Reads and discards the rest of a refused body, within limits, then calls `close`. Closing at once would reset the
 * connection before the sender has read the answer; without limits the sender could keep it open.
 */
function discardRest(request: NodeRequestLike, close: () => void): void {
  let left = LINGER_BYTES
  const cutOff = () => {
    close()
    request.destroy()
  }
  const cancel = systemClock.schedule(cutOff, LINGER_MS)
  request.on('data', (chunk: Uint8Array) => {
    left -= chunk.length
    if (left < 0) cutOff()
  })
  request.on('end', close)
  request.on('close', cancel)
  request.resume()
}
