import type { MaybePromise } from '../shared/maybe-promise.ts'

/** When a claim's lease and the record itself end, in epoch milliseconds. */
export interface ClaimDeadlines {
  /** When the lease ends. Until then no other claim of the key succeeds. */
  leaseUntil: number
  /** When the record expires. Afterwards the delivery counts as new. */
  expiresAt: number
}

/** The right to process one delivery, held until its lease runs out. */
export interface ActiveClaim {
  status: 'claimed'
  /** The idempotency key. */
  key: string
  /** Fencing token: a store refuses writes with a token that is not the newest of its key. */
  token: string
  /** How often the key has been claimed, this time included; starts at 1. */
  attempt: number
}

/** The result of a claim. */
export type Claim = ActiveClaim | { status: 'in_progress'; leaseUntil: number } | { status: 'completed' }

/**
 * Remembers which deliveries were handled, so that retries are not handled again.
 *
 * Exactly one of any concurrent claims of a key succeeds. A method rejects if its outcome is unknown.
 */
export interface IdempotencyStore {
  /** Claims a delivery for processing, or says why it cannot be claimed. */
  claim(key: string, deadlines: ClaimDeadlines): Promise<Claim>
  /** Records the delivery as handled until the claim's `expiresAt`; `false` if the lease was lost. */
  complete(claim: ActiveClaim): Promise<boolean>
  /** Releases the claim, so that the next attempt is processed at once; `false` if the lease was lost. */
  release(claim: ActiveClaim): Promise<boolean>
  /** Closes the store and frees its resources. */
  close?(): Promise<void>
}

/** What a receiver needs of a store: like `IdempotencyStore`, but a store that need not wait may return plain values. */
export interface ReceiverStore {
  claim(key: string, deadlines: ClaimDeadlines): MaybePromise<Claim>
  complete(claim: ActiveClaim): MaybePromise<boolean>
  release(claim: ActiveClaim): MaybePromise<boolean>
  close?(): Promise<void>
}
