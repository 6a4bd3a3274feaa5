import { primitives } from '#crypto'
import { readEvent } from '../events/event.ts'
import type { Sink } from '../handle/sink.ts'
import type { Answer } from '../http/answer.ts'
import { checkBodyHeaders, toRawBody } from '../http/body.ts'
import type { BodyLimits } from '../http/body-limits.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import type { JobAuthorizer } from '../jobs/authorize.ts'
import { toCanonicalJson } from '../shared/canonical-json.ts'
import { readJson } from '../shared/json.ts'
import { type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import {
  isUntimely,
  parseHeaders,
  type Verification,
  type VerifiedDelivery,
  verifySignatures,
} from '../verify/verify.ts'
import type { Limiter } from './limiter.ts'
import type { SkewProbe } from './skew-probe.ts'

/** Takes one delivery from request to answer. */
export type Pipeline = (delivery: IncomingDelivery, trace: Trace) => Promise<Answer | Refusal>

/** What a pipeline has seen of one delivery, for the report of a refusal. */
export interface Trace {
  /** The body, once it is read to its end. */
  body: Uint8Array | undefined
}

/** The steps of a pipeline. */
export interface PipelineOptions {
  verifier: Verification
  /** Decides which dynamic deliveries are ours; `undefined` when all are. */
  authorize: JobAuthorizer | undefined
  sink: Sink
  endpoint: string
  limits: BodyLimits
  skew: SkewProbe
  limiter: Limiter
  /** The address a delivery counts for; `undefined` for unknown. */
  addressOf: (delivery: IncomingDelivery) => string | undefined
}

/**
 * Makes the pipeline: one step after the other, and a refusal ends it early. The cheap checks come first, so that
 * flooding an endpoint costs the sender more than the receiver.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { verifier, authorize, sink, endpoint, limits, skew } = options

  return async (delivery, trace) => {
    const { method = 'POST', headers } = delivery
    if (method !== 'POST') return refuse('method_not_allowed', 'deliveries are sent with POST')
    const unreadable = checkBodyHeaders(headers, limits.maxBytes)
    if (unreadable) return unreadable
    const parsed = parseHeaders(verifier, headers)
    if (isRefusal(parsed)) {
      if (isUntimely(parsed) && skew.wants()) await probeSkew(delivery, trace, options)
      return parsed
    }
    // Until it is verified and ours, anybody may have sent it: what it takes up counts until then.
    const verified = await admitted(delivery, trace, options, async (bytes) => {
      const verified = await verifySignatures(verifier, parsed, bytes)
      const ours = isRefusal(verified) || !authorize || (await isOurs(verified, authorize))
      if (isRefusal(ours)) return ours
      return ours ? verified : refuse('job_unknown', 'the job is not one of ours')
    })
    return isRefusal(verified) ? verified : await sink(verified, await toKey(endpoint, verified))
  }
}

/** Reads a body and does something with it, all of it within the limiter. */
async function admitted<T>(
  delivery: IncomingDelivery,
  trace: Trace,
  { limiter, limits, addressOf }: PipelineOptions,
  next: (bytes: Uint8Array) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  const admission = limiter.enter(addressOf(delivery))
  if (isRefusal(admission)) return admission
  try {
    const bytes = await readBody(delivery.body, { ...limits, watch: admission.watch })
    if (isRefusal(bytes)) return bytes
    trace.body = bytes
    return admission.complete(bytes.length) ?? (await next(bytes))
  } finally {
    admission.leave()
  }
}

/** Verifies a stale delivery all the same, only to learn whether it is genuine. It stays refused. */
async function probeSkew(delivery: IncomingDelivery, trace: Trace, options: PipelineOptions): Promise<void> {
  const { verifier, skew } = options
  const parsed = parseHeaders(verifier, delivery.headers, true)
  if (isRefusal(parsed)) return
  await admitted(delivery, trace, options, async (bytes) => {
    const verified = await verifySignatures(verifier, parsed, bytes, true)
    if (!isRefusal(verified)) skew.note(parsed)
    return verified
  })
}

/** The idempotency key: one per endpoint and delivery, whatever characters they contain. */
function toKey(endpoint: string, { id, body, jwt }: VerifiedDelivery): MaybePromise<string> {
  if (!jwt) return primitives.sha256Hex(`${endpoint}\0${id}`)
  // A token does not cover the id, and covers the content of the body rather than its spelling: under a new id, or
  // spelled in another way, a replayed delivery must not count as new.
  const parsed = readJson(body)
  const content = parsed && !parsed.flaw ? toCanonicalJson(parsed.value) : undefined
  return mapMaybe(primitives.sha256Hex(content ?? body), (hash) =>
    primitives.sha256Hex(`${endpoint}\0jwt ${hash}`),
  )
}

async function readBody(body: IncomingDelivery['body'], limits: BodyLimits): Promise<Uint8Array | Refusal> {
  const given = typeof body === 'function' ? await body(limits) : body
  // Only a reader refuses; a parsed body may happen to have a member of that name.
  if (typeof body === 'function' && isRefusal(given)) return given
  const bytes = toRawBody(given) ?? new Uint8Array()
  if (isRefusal(bytes) || bytes.length <= limits.maxBytes) return bytes
  return refuse('body_too_large', `the body is larger than ${limits.maxBytes} bytes`)
}

async function isOurs(delivery: VerifiedDelivery, authorize: JobAuthorizer): Promise<boolean | Refusal> {
  if (delivery.scheme === 'static') return true
  const event = readEvent(delivery.body)
  return !isRefusal(event) && (await authorize(event, delivery))
}
