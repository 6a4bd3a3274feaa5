import type { Clock } from '../shared/clock.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { type BodyCollector, createBodyCollector } from './body.ts'
import type { BodyLimits } from './body-limits.ts'
import { isSmall, watchSmall } from './body-progress.ts'
import type { IncomingDelivery } from './incoming-delivery.ts'

const ALREADY_READ = refuse('raw_body_required', 'the body was read before it reached the receiver')

/** Converts a WHATWG request to a delivery. Its body is read on demand. */
export function toDelivery(
  request: Request,
  remoteAddress: string | undefined,
  clock: Clock,
): IncomingDelivery {
  return {
    method: request.method,
    headers: request.headers,
    body: (limits) => readBody(request, limits, clock),
    remoteAddress,
  }
}

function readBody(request: Request, limits: BodyLimits, clock: Clock): Promise<Uint8Array | Refusal> {
  if (request.bodyUsed) return Promise.resolve(ALREADY_READ)
  return hasSmallBody(request, limits)
    ? readAtOnce(request, limits, clock)
    : readStream(request, limits, clock)
}

/** Servers enforce the declared length, and refuse a request that also has a transfer coding (RFC 9112, 6.3). */
function hasSmallBody({ headers }: Request, limits: BodyLimits): boolean {
  const length = headers.get('content-length')
  return length !== null && isSmall(Number(length), limits) && !headers.has('transfer-encoding')
}

/** A stream takes most runtimes longer than everything else in a delivery. */
function readAtOnce(request: Request, limits: BodyLimits, clock: Clock): Promise<Uint8Array | Refusal> {
  return new Promise((resolve) => {
    const settle = (outcome: Uint8Array | Refusal) => {
      progress.stop()
      resolve(outcome)
    }
    const progress = watchSmall(limits, clock, settle)
    limits.watch?.(settle)
    request.arrayBuffer().then(
      (bytes) => settle(new Uint8Array(bytes)),
      () => settle(refuse('body_unreadable', 'the body ended early')),
    )
  })
}

function readStream(request: Request, limits: BodyLimits, clock: Clock): Promise<Uint8Array | Refusal> {
  const collector = createBodyCollector(limits, clock)
  pump(request.body, collector).catch(collector.fail)
  return collector.result
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
