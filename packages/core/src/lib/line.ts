import { primitives } from '#primitives'
import type { Answer } from './answer.ts'
import type { JobAuthorizer } from './authorize.ts'
import { type BodyLimits, checkBodyHeaders, toRawBody } from './body.ts'
import { readEvent } from './event.ts'
import type { HeadersLike } from './headers.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'
import type { Sink } from './sink.ts'
import type { VerifiedDelivery, Verifier } from './verify.ts'

/** One HTTP request, in the plainest form a runtime can hand it over. */
export interface IncomingDelivery {
  /** Default `POST`. */
  method?: string
  headers: HeadersLike
  /** The bytes as received, or a function that reads them; it is called only when the headers are good. */
  body: Uint8Array | Refusal | ((limits: BodyLimits) => Promise<Uint8Array | Refusal>)
}

/** The rooms a delivery passes through, furnished. */
export interface LineOptions {
  verifier: Verifier
  /** Which dynamic deliveries are ours; `undefined` when all are. */
  authorize: JobAuthorizer | undefined
  sink: Sink
  endpoint: string
  limits: BodyLimits
}

/**
 * One delivery's way from request to answer, a straight line through the rooms; a refusal ends it early.
 * The cheap checks come first, so that whoever floods an endpoint pays more than we do.
 */
export function createLine(options: LineOptions): (delivery: IncomingDelivery) => Promise<Answer | Refusal> {
  const { verifier, authorize, sink, endpoint, limits } = options

  return async ({ method = 'POST', headers, body }) => {
    if (method !== 'POST') return refuse('method_not_allowed', 'deliveries are sent with POST')
    const unreadable = checkBodyHeaders(headers, limits.maxBytes)
    if (unreadable) return unreadable
    const admission = verifier.admit(headers)
    if (isRefusal(admission)) return admission
    const bytes = await readBody(body, limits)
    if (isRefusal(bytes)) return bytes
    const verified = await verifier.verify(admission, bytes)
    if (isRefusal(verified)) return verified
    if (authorize && !(await isOurs(verified, authorize))) {
      return refuse('job_unknown', 'the job is not one of ours')
    }
    return await sink(verified, await primitives.sha256Hex(`${endpoint}\0${verified.id}`))
  }
}

async function readBody(body: IncomingDelivery['body'], limits: BodyLimits): Promise<Uint8Array | Refusal> {
  const given = typeof body === 'function' ? await body(limits) : body
  // Only a reader refuses; a body somebody parsed may have a member of that name.
  if (typeof body === 'function' && isRefusal(given)) return given
  const bytes = toRawBody(given) ?? new Uint8Array()
  if (isRefusal(bytes) || bytes.length <= limits.maxBytes) return bytes
  return refuse('body_too_large', `the body is larger than ${limits.maxBytes} bytes`)
}

async function isOurs(delivery: VerifiedDelivery, authorize: JobAuthorizer): Promise<boolean> {
  if (delivery.scheme === 'static') return true
  const event = readEvent(delivery.body)
  return !isRefusal(event) && (await authorize(event, delivery)) === true
}
