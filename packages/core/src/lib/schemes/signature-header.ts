import { type Refusal, refuse } from '../shared/refusal.ts'

/** The entries of a `webhook-signature` header by scheme, not yet decoded. */
export interface Signatures {
  /** Base64 signatures of `v1,` entries. */
  v1: readonly string[]
  /** Base64 signatures of `v1a,` entries. */
  v1a: readonly string[]
  /** Compact JSON Web Tokens, which Google documents but has not been observed to send. */
  jwt: readonly string[]
  /** Unknown version tags, for explanations only. */
  unknown: readonly string[]
}

const NONE: Signatures = { v1: [], v1a: [], jwt: [], unknown: [] }
const MAX_ENTRIES = 16
const MAX_V1A_ENTRIES = 4

/**
 * Parses the space-separated entries of `webhook-signature`. Unknown versions are not refused, because a sender may also
 * sign with a newer scheme.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
export function parseSignatures(header: string): Signatures | Refusal {
  // Fast path for the usual delivery with one v1 signature.
  if (header.startsWith('v1,') && !header.includes(' ')) return { ...NONE, v1: [header.slice(3)] }
  const entries = header.split(' ')
  if (entries.length > MAX_ENTRIES) {
    return refuse('signature_malformed', `webhook-signature has more than ${MAX_ENTRIES} entries`)
  }
  const signatures = { v1: [], v1a: [], jwt: [], unknown: [] }
  for (const entry of entries) sortEntry(entry, signatures)
  if (signatures.v1a.length > MAX_V1A_ENTRIES) {
    return refuse('signature_malformed', `webhook-signature has more than ${MAX_V1A_ENTRIES} v1a entries`)
  }
  return signatures
}

function sortEntry(entry: string, signatures: Record<keyof Signatures, string[]>): void {
  if (entry.startsWith('v1,')) signatures.v1.push(entry.slice(3))
  else if (entry.startsWith('v1a,')) signatures.v1a.push(entry.slice(4))
  else if (entry.startsWith('ey') && !entry.includes(',')) signatures.jwt.push(entry)
  else if (entry !== '') signatures.unknown.push(entry.split(',', 1)[0]!)
}
