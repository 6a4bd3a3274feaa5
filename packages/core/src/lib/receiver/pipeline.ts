import { primitives } from '#crypto'
import { readEvent } from '../events/event.ts'
import type { Sink } from '../handle/sink.ts'
import type { Answer } from '../http/answer.ts'
import { type BodyLimits, checkBodyHeaders, toRawBody } from '../http/body.ts'
import { readOptionalHeader } from '../http/headers.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import type { JobAuthorizer } from '../jobs/authorize.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import {
  isUntimely,
  parseHeaders,
  type VerifiedDelivery,
  type Verifier,
  verifySignatures,
} from '../verify/verify.ts'
import type { Limiter } from './limiter.ts'
import type { SkewProbe } from './skew-probe.ts'

/** A delivery's way to its answer. */
export type Pipeline = (delivery: IncomingDelivery) => Promise<Answer | Refusal>

/** The rooms a delivery passes through, furnished. */
export interface PipelineOptions {
  verifier: Verifier
  /** Which dynamic deliveries are ours; `undefined` when all are. */
  authorize: JobAuthorizer | undefined
  sink: Sink
  endpoint: string
  limits: BodyLimits
  skew: SkewProbe
  limiter: Limiter
}

/**
 * One delivery's way from request to answer, a straight pipeline through the rooms; a refusal ends it early.
 * The cheap checks come first, so that whoever floods an endpoint pays more than we do.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { verifier, authorize, sink, endpoint, limits, skew, limiter } = options

  return async ({ method = 'POST', headers, body }) => {
    if (method !== 'POST') return refuse('method_not_allowed', 'deliveries are sent with POST')
    const unreadable = checkBodyHeaders(headers, limits.maxBytes)
    if (unreadable) return unreadable
    const parsed = parseHeaders(verifier, headers)
    if (isRefusal(parsed)) {
      if (isUntimely(parsed) && skew.wants()) await probeSkew({ headers, body }, options)
      return parsed
    }
    const bytes = await readLimited(limiter, { headers, body }, limits)
    if (isRefusal(bytes)) return bytes
    const verified = await verifySignatures(verifier, parsed, bytes)
    if (isRefusal(verified)) return verified
    if (authorize && !(await isOurs(verified, authorize))) {
      return refuse('job_unknown', 'the job is not one of ours')
    }
    return await sink(verified, await toKey(endpoint, verified))
  }
}

/** Reads the body if there is room for it, counted as large as it says it is, or may become. */
async function readLimited(
  limiter: Limiter,
  { headers, body }: IncomingDelivery,
  limits: BodyLimits,
): Promise<Uint8Array | Refusal> {
  const declared = Number(readOptionalHeader(headers, 'content-length') ?? limits.maxBytes)
  const size = declared >= 0 ? declared : limits.maxBytes
  const refused = limiter.enter(size)
  if (refused) return refused
  return await readBody(body, limits).finally(() => limiter.leave(size))
}

/** Verifies a stale delivery all the same, only to learn whether it is genuine. It stays refused. */
async function probeSkew(
  { headers, body }: IncomingDelivery,
  { verifier, limits, skew }: PipelineOptions,
): Promise<void> {
  const parsed = parseHeaders(verifier, headers, true)
  const bytes = await readBody(body, limits)
  if (isRefusal(parsed) || isRefusal(bytes)) return
  if (!isRefusal(await verifySignatures(verifier, parsed, bytes, true))) skew.note(parsed)
}

/** The idempotency key: one per endpoint and delivery, whatever characters either has. */
function toKey(endpoint: string, { id, body, jwt }: VerifiedDelivery): MaybePromise<string> {
  if (!jwt) return primitives.sha256Hex(`${endpoint}\0${id}`)
  // A token does not cover the id: under a new one the same message would count as new. Its body stays the same.
  return mapMaybe(primitives.sha256Hex(body), (hash) => primitives.sha256Hex(`${endpoint}\0jwt ${hash}`))
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
