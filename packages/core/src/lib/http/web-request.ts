import type { Clock } from '../shared/clock.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { type BodyCollector, createBodyCollector } from './body.ts'
import type { BodyLimits } from './body-limits.ts'
import { isSmall } from './body-progress.ts'
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
  const read = hasSmallBody(request, limits) ? readAtOnce(request, collector) : pump(request.body, collector)
  read.catch(collector.fail)
  return await collector.result
}

/** Servers enforce the declared length, and refuse a request that also has a transfer coding (RFC 9112, 6.3). */
function hasSmallBody({ headers }: Request, limits: BodyLimits): boolean {
  const length = headers.get('content-length')
  return length !== null && isSmall(Number(length), limits) && !headers.has('transfer-encoding')
}

/** A stream takes most runtimes longer than everything else in a delivery. */
async function readAtOnce(request: Request, collector: BodyCollector): Promise<void> {
  if (collector.push(new Uint8Array(await request.arrayBuffer()))) collector.end()
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
