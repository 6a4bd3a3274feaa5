import { getHeader, MAX_SIGNATURE_CHARACTERS, readOptionalHeader, readWellFormedId } from '../http/headers.ts'
import type { IncomingDelivery } from '../http/incoming-delivery.ts'
import { createRepetitionFilter } from '../observe/default-observer.ts'
import type { ReceiverObserver } from '../observe/observer.ts'
import type { RefusedDelivery, SignatureKind, UnverifiedInfo } from '../observe/unverified.ts'
import { parseSignatures } from '../schemes/signature-header.ts'
import { ERROR_STATUS } from '../shared/errors.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import type { Trace } from './pipeline.ts'

/** Reports one refused delivery. */
export type RefusalReport = (refusal: Refusal, delivery: IncomingDelivery, trace: Trace) => void

/** Where refusals are reported. */
export interface RefusalReportOptions {
  observe: ReceiverObserver
  /** Called with a sample; must not throw. */
  onRefused: ((refused: RefusedDelivery) => void) | undefined
  /** Explains a sample; must not throw. */
  explain: ((refused: RefusedDelivery, unverified: UnverifiedInfo) => void) | undefined
  /** Most refusals per second in the sample. */
  refusedPerSecond: number
  /** The current time, in epoch milliseconds. */
  now: () => number
}

/** Creates a function that reports every refusal to the observer, and a sample to the other listeners. */
export function createRefusalReport(options: RefusalReportOptions): RefusalReport {
  const { observe, onRefused, explain, refusedPerSecond, now } = options
  const isRepetition = createRepetitionFilter()
  const isSampled = createSampler(refusedPerSecond, now)
  return (refusal, delivery, trace) => {
    if (isRepetition(refusal)) return
    const { refused: code, message } = refusal
    const unverified = toUnverified(delivery, trace)
    observe({ type: 'refused', code, status: ERROR_STATUS[code], message, unverified })
    if (!(onRefused || explain) || !isSampled()) return
    const refused = toRefused(refusal, delivery, trace)
    onRefused?.(refused)
    explain?.(refused, unverified)
  }
}

/** Returns `true` at most `perSecond` times per second. */
function createSampler(perSecond: number, now: () => number): () => boolean {
  let since = Number.NEGATIVE_INFINITY
  let left = 0
  return () => {
    const present = now()
    if (Math.abs(present - since) >= 1_000) {
      since = present
      left = perSecond
    }
    return left-- > 0
  }
}

function toUnverified({ headers }: IncomingDelivery, { body }: Trace): UnverifiedInfo {
  const id = readWellFormedId(headers)
  const declared = Number(readOptionalHeader(headers, 'content-length') ?? Number.NaN)
  return {
    ...(id !== undefined && { id }),
    signatures: kindsOf(readOptionalHeader(headers, 'webhook-signature')),
    ...(Number.isSafeInteger(declared) && declared >= 0 && { declaredBytes: declared }),
    ...(body && { receivedBytes: body.length }),
  }
}

const KINDS = ['v1', 'v1a', 'jwt', 'unknown'] as const

// Longer headers are refused, and not parsed for a report.
function kindsOf(header: string | Refusal | undefined): readonly SignatureKind[] {
  if (typeof header !== 'string' || header.length > MAX_SIGNATURE_CHARACTERS) return []
  const signatures = parseSignatures(header)
  return isRefusal(signatures) ? [] : KINDS.filter((kind) => signatures[kind].length > 0)
}

const HEADERS = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'content-type',
  'content-length',
  'content-encoding',
  'user-agent',
]

function toRefused(refusal: Refusal, delivery: IncomingDelivery, { body }: Trace): RefusedDelivery {
  const { headers, remoteAddress } = delivery
  // As received, because a repeated header may be the reason for the refusal.
  const entries = HEADERS.map((name) => [name, getHeader(headers, name)] as const)
  return {
    code: refusal.refused,
    message: refusal.message,
    headers: Object.fromEntries(entries.filter(isText)),
    body,
    remoteAddress,
  }
}

function isText(entry: readonly [string, unknown]): entry is readonly [string, string | readonly string[]] {
  return typeof entry[1] === 'string' || Array.isArray(entry[1])
}
