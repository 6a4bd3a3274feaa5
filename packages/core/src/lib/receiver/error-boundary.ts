import { type Answer, answerFor } from '../http/answer.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import { WebhookError } from '../shared/errors.ts'
import { isRefusal } from '../shared/refusal.ts'
import { isInstance } from '../shared/thrown.ts'
import type { Pipeline, Trace } from './pipeline.ts'
import type { RefusalReport } from './refusal-report.ts'

/** Wraps a pipeline so that refusals and exceptions become answers. The result never rejects. */
export function withErrorBoundary(
  pipeline: Pipeline,
  observe: ReceiverObserver,
  report: RefusalReport,
): (delivery: IncomingDelivery) => Promise<Answer> {
  return async (delivery) => {
    const trace: Trace = { body: delivery.body instanceof Uint8Array ? delivery.body : undefined }
    try {
      const outcome = await pipeline(delivery, trace)
      if (!isRefusal(outcome)) return outcome
      report(outcome, delivery, trace)
      return answerFor(outcome.refused)
    } catch (error) {
      const code = isInstance(error, WebhookError) && error.status >= 500 ? error.code : 'internal'
      observe({ type: 'fault', code, error })
      return answerFor(code)
    }
  }
}
