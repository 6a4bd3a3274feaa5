import { type Refusal, refuse } from '../shared/refusal.ts'

/** A `webhook-signature` header, sorted by scheme; the parts are still text. */
export interface Signatures {
  /** Base64 texts behind `v1,`. */
  v1: readonly string[]
  /** Base64 texts behind `v1a,`. */
  v1a: readonly string[]
  /** Compact JSON Web Tokens, as Google documents dynamic webhooks but does not send them. */
  jwt: readonly string[]
  /** Version tags nobody here knows, for the explanation only. */
  unknown: readonly string[]
}

const NONE: Signatures = { v1: [], v1a: [], jwt: [], unknown: [] }
const MAX_ENTRIES = 16
const MAX_V1A_ENTRIES = 4

/**
 * Sorts the space-separated entries of `webhook-signature` by scheme. Unknown versions are kept aside, not
 * refused: a sender may sign with a newer scheme beside the ones known here.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
export function parseSignatures(header: string): Signatures | Refusal {
  // Nearly every delivery has one v1 signature.
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
