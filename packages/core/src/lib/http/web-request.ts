import type { Clock } from '../shared/clock.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { type BodyCollector, createBodyCollector } from './body.ts'
import type { BodyLimits } from './body-limits.ts'
import type { IncomingDelivery } from './incoming-delivery.ts'

/** Converts a WHATWG request to a delivery. Its body is read on demand. */
export function fromRequest(
  request: Request,
  clock: Clock,
  remoteAddress: string | undefined,
): IncomingDelivery {
  return {
    method: request.method,
    headers: request.headers,
    body: (limits) => readRequest(request, limits, clock),
    remoteAddress,
  }
}

async function readRequest(
  request: Request,
  limits: BodyLimits,
  clock: Clock,
): Promise<Uint8Array | Refusal> {
  if (request.bodyUsed) return refuse('raw_body_required', 'the body was read before it reached the receiver')
  const collector = createBodyCollector(limits, clock)
  pump(request.body, collector).catch(collector.fail)
  return await collector.result
}

async function pump(stream: ReadableStream<Uint8Array> | null, collector: BodyCollector): Promise<void> {
  const reader = stream?.getReader()
  // Not awaited, because a source that never confirms its cancellation must not delay the answer.
  collector.result.then((body) => {
    if (isRefusal(body)) reader?.cancel().catch(() => {})
  })
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader!.read()) {
    if (!collector.push(chunk.value)) return
  }
  collector.end()
}
