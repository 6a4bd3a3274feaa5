import { type Answer, answerFor } from '../http/answer.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import { WebhookError } from '../shared/errors.ts'
import { type MaybePromise, settleMaybe, tryMaybe } from '../shared/maybe-promise.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import { isInstance } from '../shared/thrown.ts'
import type { Pipeline, Trace } from './pipeline.ts'
import type { RefusalReport } from './refusal-report.ts'

/** Wraps a pipeline so that refusals and exceptions become answers. The result never throws or rejects. */
export function withErrorBoundary(
  pipeline: Pipeline,
  observe: ReceiverObserver,
  report: RefusalReport,
): (delivery: IncomingDelivery) => MaybePromise<Answer> {
  const toFault = (error: unknown) => {
    const code = isInstance(error, WebhookError) && error.status >= 500 ? error.code : 'internal'
    observe({ type: 'fault', code, error })
    return answerFor(code)
  }
  return (delivery) => {
    const trace: Trace = { body: undefined }
    const refuse = (refusal: Refusal) => {
      report(refusal, delivery, trace)
      return answerFor(refusal.refused)
    }
    const toAnswer = (outcome: Answer | Refusal) =>
      isRefusal(outcome) ? tryMaybe(() => refuse(outcome), toFault) : outcome
    const run = () => {
      if (delivery.body instanceof Uint8Array) trace.body = delivery.body
      return pipeline(delivery, trace)
    }
    return settleMaybe(run, toAnswer, toFault)
  }
}
