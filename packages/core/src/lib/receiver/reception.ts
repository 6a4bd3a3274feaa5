import type { Sink } from '../handle/sink.ts'
import type { Answer } from '../http/answer.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import { createAuthorizer } from '../jobs/authorize.ts'
import { doubtDefaultKeys } from '../jwks/emulator.ts'
import { GOOGLE_JWKS_URL } from '../jwks/google.ts'
import { createJwks } from '../jwks/jwks.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { ConfigWarning, SecretTexts } from '../schemes/secrets.ts'
import type { Clock } from '../shared/clock.ts'
import { safeListener } from '../shared/safe-listener.ts'
import { prepareVerification } from '../verify/prepare.ts'
import type { VerifyOptions } from '../verify/verify-options.ts'
import { withErrorBoundary } from './error-boundary.ts'
import { createExplanations } from './explanations.ts'
import { createFullQueueProbe } from './full-queue.ts'
import { createLimiter } from './limiter.ts'
import { createPipeline } from './pipeline.ts'
import type { ReceiverLimits, ReceiverOptions } from './receiver-options.ts'
import { createRefusalReport } from './refusal-report.ts'
import { createSkewProbe } from './skew-probe.ts'

/** Dependencies of `createReception`. */
export interface ReceptionOptions {
  options: ReceiverOptions
  limits: ReceiverLimits
  /** Where verified and authorised deliveries go. */
  sink: Sink
  observe: ReceiverObserver
  now: () => number
  clock: Clock
}

/**
 * Creates the function that answers deliveries, from the options of a receiver.
 *
 * @throws WebhookConfigError An option is missing or wrong
 */
export function createReception(given: ReceptionOptions): (delivery: IncomingDelivery) => Promise<Answer> {
  const { options, limits, sink, observe, now, clock } = given
  const { endpoint = 'default', queue, dynamic, onRefused } = options
  const { clientAddress: addressOf = ({ remoteAddress }) => remoteAddress } = options
  const { verifyOptions, cached } = shareCaches(toVerifyOptions(options, now), clock)
  const warn = (warning: ConfigWarning) => observe({ type: 'warning', ...warning })
  const doubt = dynamic && dynamic.jwks === undefined ? doubtDefaultKeys() : undefined
  if (doubt) warn({ code: 'jwks_not_emulator', message: doubt })
  const pipeline = createPipeline({
    verifier: prepareVerification(verifyOptions, { clock, warn }),
    authorize: dynamic && createAuthorizer(dynamic, { endpoint, now, clock, warn }),
    sink,
    endpoint,
    skew: createSkewProbe(now, (seconds) => observe({ type: 'clock_skew_suspected', seconds })),
    limiter: createLimiter(limits, clock, createFullQueueProbe(queue, clock, warn)),
    addressOf,
    limits: {
      maxBytes: limits.maxBodyBytes,
      timeoutMs: limits.bodyTimeoutMs,
      idleMs: limits.bodyIdleMs,
      minBytesPerSecond: limits.minBodyBytesPerSecond,
    },
  })
  const report = createRefusalReport({
    observe,
    onRefused: onRefused && safeListener(onRefused),
    explain: options.explain === true ? createExplanations(cached, observe) : undefined,
    refusedPerSecond: limits.refusedPerSecond,
    now,
  })
  return withErrorBoundary(pipeline, observe, report)
}

/**
 * Returns the options for verification, and options for explanations that use what verification has cached, so that
 * refused deliveries cause neither calls of the function for secrets nor fetches of their own.
 */
function shareCaches(
  options: VerifyOptions,
  clock: Clock,
): Record<'verifyOptions' | 'cached', VerifyOptions> {
  const { secrets, jwks, fetch, allowEmulator } = options
  const settings = { clock, ...(fetch && { fetch }), ...(allowEmulator && { allowEmulator }) }
  const isUrl = typeof jwks === 'string' || jwks instanceof URL
  const shared = isUrl ? { ...options, jwks: createJwks(jwks, settings) } : options
  if (typeof secrets !== 'function') return { verifyOptions: shared, cached: shared }
  let last: SecretTexts = []
  const load = async () => {
    last = await secrets()
    return last
  }
  return { verifyOptions: { ...shared, secrets: load }, cached: { ...shared, secrets: () => last } }
}

function toVerifyOptions(options: ReceiverOptions, now: () => number): VerifyOptions {
  const { static: fixed, dynamic, toleranceSeconds, fetch } = options
  const { jwks = GOOGLE_JWKS_URL, jwt, allowEmulator } = dynamic ?? {}
  return {
    // An unset variable must not turn static webhooks off.
    ...(fixed && { secrets: fixed.secrets ?? [] }),
    ...(fixed?.format !== undefined && { format: fixed.format }),
    ...(dynamic && { jwks }),
    ...(jwt !== undefined && { jwt }),
    ...(allowEmulator !== undefined && { allowEmulator }),
    ...(fetch !== undefined && { fetch }),
    ...(toleranceSeconds !== undefined && { toleranceSeconds }),
    now,
  }
}
