import { toUtf8 } from '../shared/bytes.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import { type HeadersLike, readOptionalHeader } from './headers.ts'

/** The limits a body is read within. */
export interface BodyLimits {
  /** Largest accepted body, in bytes, inclusive. */
  maxBytes: number
  /** Longest time from first to last byte, in milliseconds. */
  timeoutMs: number
}

/** What the headers already say about the body. A declared length is a hint only: the counted bytes are the law. */
export function checkBodyHeaders(headers: HeadersLike, maxBytes: number): Refusal | undefined {
  const encoding = readOptionalHeader(headers, 'content-encoding')
  if (encoding !== undefined && !(typeof encoding === 'string' && /^(?:identity)?$/i.test(encoding))) {
    return refuse('content_encoding', 'the body is encoded; signatures cover plain bytes')
  }
  const length = readOptionalHeader(headers, 'content-length')
  if (typeof length === 'string' && Number(length) > maxBytes) return tooLarge(maxBytes)
  return undefined
}

/** Gathers a body chunk by chunk within its limits. Adapters feed it; what is too much is decided here alone. */
export interface BodyCollector {
  /** Takes one more chunk; `false` when reading on is pointless. */
  push(chunk: Uint8Array): boolean
  /** Says that the body is complete. */
  end(): void
  /** Says that no more is coming although the body is not complete. */
  fail(): void
  /** The whole body, or why there is none. Never rejects. */
  readonly result: Promise<Uint8Array | Refusal>
}

/** Creates a collector for one body; the time starts now. */
export function createBodyCollector(
  { maxBytes, timeoutMs }: BodyLimits,
  clock: Clock = systemClock,
): BodyCollector {
  const { promise: result, resolve } = Promise.withResolvers<Uint8Array | Refusal>()
  const chunks: Uint8Array[] = []
  let length = 0
  const settle = (outcome: Uint8Array | Refusal) => {
    cancel()
    resolve(outcome)
  }
  const cancel = clock.schedule(
    () => settle(refuse('body_timeout', `the body took longer than ${timeoutMs} ms`)),
    timeoutMs,
  )
  return {
    push(chunk) {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      else settle(tooLarge(maxBytes))
      return length <= maxBytes
    },
    end() {
      if (length <= maxBytes) settle(chunks.length === 1 ? chunks[0]! : concat(chunks, length))
    },
    fail: () => settle(refuse('body_unreadable', 'the body ended early')),
    result,
  }
}

/**
 * The bytes in what a framework calls the body, where it has read the request already; `undefined` where it has
 * not. A parsed body is refused: serialising it again would not give the bytes that were signed.
 */
export function toRawBody(value: unknown): Uint8Array | Refusal | undefined {
  if (value === undefined || value === null) return undefined
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string') return toUtf8(value)
  return refuse(
    'raw_body_required',
    'the body was parsed before it got here; hand over the bytes as received',
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
