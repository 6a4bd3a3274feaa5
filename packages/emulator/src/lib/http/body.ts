import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { RequestFault } from './faults.ts'
import { type Fields, isFields } from './fields.ts'
import { readIncoming } from './incoming.ts'
import { checkDepth } from './json.ts'

const MIB = 1024 * 1024

// Google's limit for inlined requests is 20 MB; a laptop should not be asked for more.
const MAX_BODY_BYTES = 20 * MIB

/** Reads a request's JSON object; an empty body counts as `{}`, because the SDK sends none in places. */
export async function readFields(request: Request): Promise<Fields> {
  const value = await readObject(request, MAX_BODY_BYTES)
  checkDepth('The request body', value)
  return value
}

/** Reads a JSON object of up to `maxBytes` and any depth. */
export async function readObject(request: Request, maxBytes: number): Promise<Fields> {
  const text = await readText(request, maxBytes)
  const value = text === '' ? {} : parse(text)
  if (isFields(value)) return value
  throw new RequestFault('invalid_request', 'The request body must be a JSON object.')
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) {
      throw new RequestFault('request_too_large', `The request body is larger than ${maxBytes / MIB} MiB.`)
    }
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestFault('invalid_request', 'The request body is not valid JSON.')
  }
}

/** Reads a body of any size; each chunk holds until the next one is asked for. */
export async function* readChunks(c: Context): AsyncGenerator<Uint8Array> {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>
  // A web stream would copy each chunk.
  yield* incoming === undefined ? (c.req.raw.body ?? []) : readIncoming(incoming as IncomingMessage)
}

/**
 * Behind `node:http`, what says whether everything that was read of the answer's body has left this process. The server
 * reads the next chunk once it has written the one before.
 */
export function sentCheck(c: Context): (() => boolean) | undefined {
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
  return outgoing && (() => outgoing.headersSent && outgoing.writableLength === 0)
}

/** Splits `<id>:<verb>`, the API's way to name an action; without a colon the verb is empty. */
export function splitVerb(segment: string): { id: string; verb: string } {
  const colon = segment.lastIndexOf(':')
  return colon < 0
    ? { id: segment, verb: '' }
    : { id: segment.slice(0, colon), verb: segment.slice(colon + 1) }
}

/** The fault of a path or an id that does not exist. */
export function notFound(what: string): RequestFault {
  return new RequestFault('not_found', `${what} not found.`)
}
