import { primitives } from '#crypto'
import { readEvent } from '../events/event.ts'
import type { Sink } from '../handle/sink.ts'
import type { Answer } from '../http/answer.ts'
import { checkBodyHeaders, toRawBody } from '../http/body.ts'
import type { BodyLimits } from '../http/body-limits.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import type { JobAuthorizer } from '../jobs/authorize.ts'
import { readJson } from '../shared/json.ts'
import {
  finallyMaybe,
  fromOthers,
  type MaybePromise,
  mapMaybe,
  settleMaybe,
} from '../shared/maybe-promise.ts'
import { onDemand } from '../shared/on-demand.ts'
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
export type Pipeline = (delivery: IncomingDelivery, trace: Trace) => MaybePromise<Answer | Refusal>

/** What the pipeline has read of one delivery, for the report of a refusal. */
export interface Trace {
  /** The body, if it was read to its end. */
  body: Uint8Array | undefined
}

/** What a pipeline is built from. */
export interface PipelineOptions {
  verifier: Verification
  /** Decides which dynamic deliveries are ours; `undefined` when all are. */
  authorize: JobAuthorizer | undefined
  sink: Sink
  endpoint: string
  limits: BodyLimits
  skew: SkewProbe
  limiter: Limiter
  /** Returns the address for `maxBodiesPerAddress`; `undefined` if unknown. */
  addressOf: (delivery: IncomingDelivery) => string | undefined
}

/**
 * Creates the pipeline. A refusal ends it early, and cheap checks come first, so that flooding an endpoint costs the
 * sender more than the receiver.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { verifier, authorize, sink, endpoint, limits, skew } = options

  return (delivery, trace) => {
    const { method = 'POST', headers } = delivery
    if (method !== 'POST') return refuse('method_not_allowed', 'deliveries are sent with POST')
    const unreadable = checkBodyHeaders(headers, limits.maxBytes)
    if (unreadable) return unreadable
    const parsed = parseHeaders(verifier, headers)
    if (isRefusal(parsed)) {
      const probed = isUntimely(parsed) && skew.wants() ? probeSkew(delivery, trace, options) : undefined
      return mapMaybe(probed, () => parsed)
    }
    // Anyone may have sent the delivery until it is verified and authorised, so it counts towards the limits until then.
    const verify = (bytes: Uint8Array) =>
      mapMaybe(verifySignatures(verifier, parsed, bytes), (verified) =>
        isRefusal(verified) || !authorize || verified.scheme === 'static'
          ? verified
          : checkOurs(verified, authorize),
      )
    const accept = (verified: VerifiedDelivery) =>
      mapMaybe(toKey(endpoint, verified), (key) => sink(verified, key))
    return withLimits(delivery, trace, options, verify, accept)
  }
}

/**
 * Reads a body and verifies it while it counts towards the limits, then calls `next`. The body is the only promise in the
 * way if the rest is synchronous.
 */
function withLimits<T, U>(
  delivery: IncomingDelivery,
  trace: Trace,
  { limiter, limits, addressOf }: PipelineOptions,
  verify: (bytes: Uint8Array) => MaybePromise<T | Refusal>,
  next: (verified: T) => MaybePromise<U>,
): MaybePromise<U | Refusal> {
  const address: unknown = addressOf(delivery)
  // `headers.get()` returns null for an absent header, which means an unknown address too.
  const limited = limiter.enter(typeof address === 'string' ? address : undefined)
  if (isRefusal(limited)) return limited
  const { body } = delivery
  const read = () =>
    typeof body === 'function' ? fromOthers(body({ ...limits, watch: limited.watch })) : body
  const check = (given: unknown) => {
    // Only a reader can refuse; a parsed body may have a member named `refused`.
    const bytes = typeof body === 'function' && isRefusal(given) ? given : checkBody(given, limits)
    if (isRefusal(bytes)) return bytes
    trace.body = bytes
    return limited.complete(bytes.length) ?? verify(bytes)
  }
  return settleMaybe(
    read,
    (given) =>
      mapMaybe(
        finallyMaybe(() => check(given), limited.leave),
        (verified) => (isRefusal(verified) ? verified : next(verified)),
      ),
    (error) => {
      limited.leave()
      throw error
    },
  )
}

/** Verifies a stale delivery only to learn whether it is genuine. It stays refused. */
async function probeSkew(delivery: IncomingDelivery, trace: Trace, options: PipelineOptions): Promise<void> {
  const { verifier, skew } = options
  const parsed = parseHeaders(verifier, delivery.headers, true)
  if (isRefusal(parsed)) return
  const verify = (bytes: Uint8Array) => verifySignatures(verifier, parsed, bytes, true)
  await withLimits(delivery, trace, options, verify, () => skew.note(parsed))
}

/** Returns the idempotency key: a hash, so that endpoints and ids may contain any character. */
function toKey(endpoint: string, { id, body, jwt }: VerifiedDelivery): MaybePromise<string> {
  return jwt ? toContentKey(endpoint, body) : primitives.sha256Hex(`${endpoint}\0${id}`)
}

/**
 * A token covers neither the id nor the exact bytes of the body, only its content. A replay under a new id, or with the
 * body serialised differently, must not count as new.
 */
async function toContentKey(endpoint: string, body: Uint8Array): Promise<string> {
  const { toCanonicalJson } = await loadCanonicalJson()
  const parsed = readJson(body)
  const content = parsed && !parsed.flaw ? toCanonicalJson(parsed.value) : undefined
  return await primitives.sha256Hex(`${endpoint}\0jwt ${await primitives.sha256Hex(content ?? body)}`)
}

/** Loads what the keys of JSON Web Tokens are made with. On demand, like everything that only tokens need. */
export const loadCanonicalJson: () => MaybePromise<typeof import('../shared/canonical-json.ts')> =
  /* @__PURE__ */ onDemand(
    () => import('../shared/canonical-json.ts'),
    (module) => module,
  )

function checkBody(given: unknown, limits: BodyLimits): Uint8Array | Refusal {
  const bytes = toRawBody(given) ?? new Uint8Array()
  if (isRefusal(bytes) || bytes.length <= limits.maxBytes) return bytes
  return refuse('body_too_large', `the body is larger than ${limits.maxBytes} bytes`)
}

/** Refuses a dynamic delivery of a job that is not ours. */
async function checkOurs(
  delivery: VerifiedDelivery,
  authorize: JobAuthorizer,
): Promise<VerifiedDelivery | Refusal> {
  const event = readEvent(delivery.body)
  const ours = !isRefusal(event) && (await authorize(event, delivery))
  if (isRefusal(ours)) return ours
  return ours ? delivery : refuse('job_unknown', 'the job is not one of ours')
}
