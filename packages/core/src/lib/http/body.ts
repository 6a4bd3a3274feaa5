import { toUtf8 } from '../shared/bytes.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { type Refusal, refuse } from '../shared/refusal.ts'
import type { BodyLimits } from './body-limits.ts'
import { watchProgress } from './body-progress.ts'
import { type HeadersLike, readOptionalHeader } from './headers.ts'

/** Refuses a body its headers rule out. A declared length is only a hint: the bytes are counted all the same. */
export function checkBodyHeaders(headers: HeadersLike, maxBytes: number): Refusal | undefined {
  const encoding = readOptionalHeader(headers, 'content-encoding')
  if (encoding !== undefined && !(typeof encoding === 'string' && /^(?:identity)?$/i.test(encoding))) {
    return refuse('content_encoding', 'the body is encoded; signatures cover plain bytes')
  }
  const length = readOptionalHeader(headers, 'content-length')
  if (typeof length === 'string' && Number(length) > maxBytes) return tooLarge(maxBytes)
  return undefined
}

/** Collects a body chunk by chunk within its limits. Adapters feed it; what is too much is decided here alone. */
export interface BodyCollector {
  /** Takes one more chunk; `false` when there is no point in reading on. */
  push(chunk: Uint8Array): boolean
  /** Marks the body as complete. */
  end(): void
  /** Marks the body as broken off: no more is coming, and it is not complete. */
  fail(): void
  /** The whole body, or why there is none. Never rejects. */
  readonly result: Promise<Uint8Array | Refusal>
}

/**
 * Makes a collector for one body. Its time starts now.
 *
 * @param clock Default: the machine's clock
 */
export function createBodyCollector(limits: BodyLimits, clock: Clock = systemClock): BodyCollector {
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
  const progress = watchProgress(limits, clock, settle)
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
 * Takes the bytes out of what a framework calls the body; `undefined` where it has not read the request. A parsed
 * body is refused: serialising it again would not give the bytes that were signed.
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
