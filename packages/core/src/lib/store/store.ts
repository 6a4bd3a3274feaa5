/** When a claim's lease and the record itself end, in epoch milliseconds. */
export interface ClaimDeadlines {
  /** Until then no other claim of the key succeeds. */
  leaseUntil: number
  /** Until then the key is remembered; afterwards the delivery counts as new. */
  expiresAt: number
}

/** The right to process one delivery, held until its lease runs out. */
export interface ActiveClaim {
  status: 'claimed'
  key: string
  /** Fences every later write: a store refuses a token that is no longer the newest. */
  token: string
  /** How often the key has been claimed, this time included; starts at 1. */
  attempt: number
}

/** What a claim found. */
export type Claim = ActiveClaim | { status: 'in_progress'; leaseUntil: number } | { status: 'completed' }

/**
 * Remembers which deliveries were handled, so that a retried delivery has no second effect.
 *
 * Of any number of concurrent claims on one key, exactly one wins. A method that does not know its outcome rejects;
 * it never reports a success that it did not see.
 */
export interface IdempotencyStore {
  /** Claims a delivery for processing, or says why it cannot be claimed. */
  claim(key: string, deadlines: ClaimDeadlines): Promise<Claim>
  /** Records the delivery as handled until the claim's `expiresAt`; `false` when the lease was lost. */
  complete(claim: ActiveClaim): Promise<boolean>
  /** Gives the claim back, so that the next attempt is processed at once; `false` when the lease was lost. */
  release(claim: ActiveClaim): Promise<boolean>
  /** Frees what the store holds open. */
  close?(): Promise<void>
}
