import type { Sink } from '../handle/sink.ts'
import type { Answer } from '../http/answer.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import { createAuthorizer } from '../jobs/authorize.ts'
import { doubtDefaultKeys } from '../jwks/emulator.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { ConfigWarning } from '../schemes/secrets.ts'
import type { Clock } from '../shared/clock.ts'
import type { MaybePromise } from '../shared/maybe-promise.ts'
import { safeListener } from '../shared/safe-listener.ts'
import type { VerifyOptions } from '../verify/verify-options.ts'
import { withErrorBoundary } from './error-boundary.ts'
import { createFullQueueProbe } from './full-queue.ts'
import { createLimiter } from './limiter.ts'
import { createPipeline, loadCanonicalJson } from './pipeline.ts'
import type { ReceiverLimits, ReceiverOptions } from './receiver-options.ts'
import { createReceiverVerification } from './receiver-verification.ts'
import { createRefusalReport, type RefusalReportOptions } from './refusal-report.ts'
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

/** What answers deliveries. */
export interface Reception {
  /** Answers one delivery. Never throws or rejects. */
  answer(delivery: IncomingDelivery): MaybePromise<Answer>
  /**
   * Loads the code that accepting a delivery would load on demand. Rejects if a file is missing, or a given key set has
   * no usable key.
   */
  load(): Promise<void>
}

/**
 * Creates what answers deliveries, from the options of a receiver.
 *
 * @throws WebhookConfigError An option is missing or wrong
 */
export function createReception(given: ReceptionOptions): Reception {
  const { options, limits, sink, observe, now, clock } = given
  const { endpoint = 'default', queue, dynamic, onRefused } = options
  const { clientAddress: addressOf = ({ remoteAddress }) => remoteAddress } = options
  const warn = (warning: ConfigWarning) => observe({ type: 'warning', ...warning })
  const doubt = dynamic && dynamic.jwks === undefined ? doubtDefaultKeys() : undefined
  if (doubt) warn({ code: 'jwks_not_emulator', message: doubt })
  const { verifier, cachedOptions } = createReceiverVerification(options, now, { clock, warn })
  const authorize = dynamic && createAuthorizer(dynamic, { endpoint, now, clock, warn })
  const pipeline = createPipeline({
    verifier,
    authorize,
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
    explain: options.explain === true ? explainLater(cachedOptions, observe) : undefined,
    refusedPerSecond: limits.refusedPerSecond,
    now,
  })
  return {
    answer: withErrorBoundary(pipeline, observe, report),
    async load() {
      for (const { load } of verifier.schemes) await load?.()
      await authorize?.load?.()
      if (dynamic?.jwt) await loadCanonicalJson()
    },
  }
}

/** Explains refused deliveries in the background. Loaded with the first one, so that receivers that explain nothing stay small. */
function explainLater(
  readOptions: () => Promise<VerifyOptions>,
  observe: ReceiverObserver,
): NonNullable<RefusalReportOptions['explain']> {
  return (refused, unverified) => {
    import('./explanations.ts')
      .then(({ reportExplanation }) => reportExplanation(refused, unverified, readOptions, observe))
      .catch((error) => observe({ type: 'fault', code: 'internal', error }))
  }
}
