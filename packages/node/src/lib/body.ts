import type { IncomingMessage } from 'node:http'
import { type BodyLimits, createBodyCollector, type Refusal, toRawBody } from '@gwh/core'

/** A request as frameworks hand it on: some have read the body already. */
export interface NodeRequest extends IncomingMessage {
  /** The bytes, kept by Google's functions-framework and Firebase beside the parsed body. */
  rawBody?: unknown
  /** What a body parser made of the request. */
  body?: unknown
}

/** The body where somebody has read it already, otherwise a function that reads it. */
export function bodyOf(request: NodeRequest) {
  // A stream somebody has read to its end, and kept nothing of, will never bring a body.
  const lost = request.readableEnded ? {} : undefined
  const given = toRawBody(request.rawBody ?? request.body ?? lost)
  return given ?? ((limits: BodyLimits) => readBody(request, limits))
}

function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Uint8Array | Refusal> {
  const collector = createBodyCollector(limits)
  request
    .on('data', (chunk: Uint8Array) => {
      if (!collector.push(chunk)) request.pause().removeAllListeners('data')
    })
    .on('end', collector.end)
    .on('error', collector.fail)
    .on('close', collector.fail)
  return collector.result
}

const LINGER_BYTES = 64 * 1024
const LINGER_MS = 1_000

/**
 * Lets a sender whose body nobody wants finish or go away: closing at once would reset the connection before
 * it has read the answer; reading on without end would let it choose how much we read.
 */
export function discardRest(request: IncomingMessage): void {
  let left = LINGER_BYTES
  const timer = setTimeout(() => request.destroy(), LINGER_MS)
  request
    .on('data', (chunk: Uint8Array) => {
      left -= chunk.length
      if (left < 0) request.destroy()
    })
    .on('close', () => clearTimeout(timer))
    .resume()
}
