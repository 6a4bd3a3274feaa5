import type { Clock } from '../shared/clock.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import { type BodyCollector, createBodyCollector } from './body.ts'
import { type AddDeadline, createDeadlines } from './body-deadlines.ts'
import type { BodyLimits } from './body-limits.ts'
import { isSmall } from './body-progress.ts'
import type { IncomingDelivery } from './incoming-delivery.ts'

/** Converts a WHATWG request to a delivery. Its body is read on demand. */
export type RequestReader = (request: Request, remoteAddress: string | undefined) => IncomingDelivery

const ALREADY_READ = refuse('raw_body_required', 'the body was read before it reached the receiver')

/** Creates a reader of the requests to one receiver, whose limits are always the same. */
export function createRequestReader(clock: Clock): RequestReader {
  let deadlines: AddDeadline | undefined
  const read = (request: Request, limits: BodyLimits) => {
    if (request.bodyUsed) return Promise.resolve(ALREADY_READ)
    if (!hasSmallBody(request, limits)) return readStream(request, limits, clock)
    deadlines ??= createDeadlines(clock, mostMs(limits))
    return readAtOnce(request, limits, deadlines)
  }
  return (request, remoteAddress) => ({
    method: request.method,
    headers: request.headers,
    body: (limits) => read(request, limits),
    remoteAddress,
  })
}

/** Servers enforce the declared length, and refuse a request that also has a transfer coding (RFC 9112, 6.3). */
function hasSmallBody({ headers }: Request, limits: BodyLimits): boolean {
  const length = headers.get('content-length')
  return length !== null && isSmall(Number(length), limits) && !headers.has('transfer-encoding')
}

/** How long a small body may take. */
function mostMs({ timeoutMs, idleMs = timeoutMs }: BodyLimits): number {
  return Math.min(timeoutMs, idleMs)
}

/** A stream takes most runtimes longer than everything else in a delivery. */
function readAtOnce(
  request: Request,
  limits: BodyLimits,
  addDeadline: AddDeadline,
): Promise<Uint8Array | Refusal> {
  return new Promise((resolve) => {
    const settle = (outcome: Uint8Array | Refusal) => {
      cancel()
      resolve(outcome)
    }
    const cancel = addDeadline(() =>
      settle(refuse('body_timeout', `the body took longer than ${mostMs(limits)} ms`)),
    )
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
