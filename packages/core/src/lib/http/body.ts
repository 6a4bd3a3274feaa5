import { toUtf8 } from '../shared/bytes.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { isRefusal, type Refusal, refuse } from '../shared/refusal.ts'
import type { BodyLimits } from './body-limits.ts'
import { isSmall, watchProgress, watchSmall } from './body-progress.ts'
import { type HeadersLike, readOptionalHeader } from './headers.ts'

/** Refuses a body because of its headers. `content-length` is only a hint: the bytes are counted anyway. */
export function checkBodyHeaders(headers: HeadersLike, maxBytes: number): Refusal | undefined {
  const encoding = readOptionalHeader(headers, 'content-encoding')
  if (isRefusal(encoding) && encoding.refused === 'header_malformed') return encoding
  if (encoding !== undefined && !(typeof encoding === 'string' && /^(?:identity)?$/i.test(encoding))) {
    return refuse('content_encoding', 'the body is encoded; signatures cover plain bytes')
  }
  const length = readOptionalHeader(headers, 'content-length')
  if (typeof length === 'string' && Number(length) > maxBytes) return tooLarge(maxBytes)
  return undefined
}

/** Collects a body chunk by chunk and enforces its limits, so that adapters need not. */
export interface BodyCollector {
  /** Adds a chunk. Returns `false` when the adapter can stop reading. */
  push(chunk: Uint8Array): boolean
  /** Marks the body as complete. */
  end(): void
  /** Marks the body as incomplete: the connection failed or closed early. */
  fail(): void
  /** Resolves to the whole body, or to the reason there is none. Never rejects. */
  readonly result: Promise<Uint8Array | Refusal>
}

/**
 * Creates a collector for one body and starts its timeouts.
 *
 * @param clock The clock of the timeouts. Default: the system clock
 * @param declaredLength The length in bytes according to the request, if the server enforces it. Default: unknown
 */
export function createBodyCollector(
  limits: BodyLimits,
  clock: Clock = systemClock,
  declaredLength: number = Number.POSITIVE_INFINITY,
): BodyCollector {
  const { promise: result, resolve } = Promise.withResolvers<Uint8Array | Refusal>()
  const { maxBytes } = limits
  let chunks: Uint8Array[] = []
  let length = 0
  let settled = false
  const settle = (outcome: Uint8Array | Refusal) => {
    settled = true
    progress.stop()
    // The request keeps this collector alive, and must not keep the bytes alive with it.
    chunks = []
    resolve(outcome)
  }
  const watch = isSmall(declaredLength, limits) ? watchSmall : watchProgress
  const progress = watch(limits, clock, settle)
  const count = limits.watch?.(settle)
  return {
    push(chunk) {
      if (settled) return false
      length += chunk.length
      if (length > maxBytes) {
        settle(tooLarge(maxBytes))
        return false
      }
      chunks.push(chunk)
      progress.note(chunk.length)
      count?.(chunk.length)
      return !settled
    },
    end() {
      if (!settled) settle(chunks.length === 1 ? chunks[0]! : concat(chunks, length))
    },
    fail() {
      if (!settled) settle(refuse('body_unreadable', 'the body ended early'))
    },
    result,
  }
}

/**
 * Returns the bytes of a framework's `body` property, or `undefined` if the framework has not read the request. A
 * parsed body is refused, because serialising it again would not restore the signed bytes.
 */
export function toRawBody(value: unknown): Uint8Array | Refusal | undefined {
  if (value === undefined || value === null) return undefined
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return toUtf8(value)
  return refuse(
    'raw_body_required',
    'the body was parsed before it reached the receiver; pass on the bytes as received',
  )
}

function tooLarge(maxBytes: number): Refusal {
  return refuse('body_too_large', `the body is larger than ${maxBytes} bytes`)
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}
