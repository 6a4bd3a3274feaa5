import type { DeadReason, Effect, QueuedDelivery } from './queue.ts'

/** Proof of the right to settle one delivery; a newer lease makes it worthless. */
export interface Lease {
  /** The delivery's idempotency key. */
  key: string
  /** Rises with every claim of the key. */
  token: number
}

/** A delivery that was claimed and not settled yet. */
export interface LeasedDelivery extends Lease {
  /** The delivery as it was enqueued. */
  message: QueuedDelivery
  /** How often it has been claimed, this time included: counted by the claim, so that a crash loop ends too. */
  attempt: number
  /** Whether it is a crash-loop suspect, which must run with nothing beside it. Default: no. */
  quarantined?: boolean
}

/**
 * What can happen to one leased delivery: all that `tryDelivery` needs of a backend.
 *
 * Each method is atomic, and durable when its promise resolves. It resolves to `false`, and changes nothing, once
 * the lease is no longer the newest of its key or no longer running. It rejects when the outcome is not known.
 */
export interface Settlement {
  /** Extends the lease to `leaseUntil` (epoch milliseconds). */
  renew(lease: Lease, leaseUntil: number): Promise<boolean>
  /**
   * Records the delivery as handled at `now` (epoch milliseconds).
   *
   * @param effects Only where `transactional`: they and the completion happen in one transaction, or neither does
   */
  complete(lease: Lease, now: number, effects?: readonly Effect[]): Promise<boolean>
  /**
   * Has the delivery tried again at `dueAt` (epoch milliseconds).
   *
   * @param error Why this attempt failed, exactly as it was thrown
   */
  retry(lease: Lease, dueAt: number, error?: unknown): Promise<boolean>
  /**
   * Makes the delivery a dead letter at `now` (epoch milliseconds).
   *
   * @param error Why its last attempt failed, exactly as it was thrown; `undefined` when nothing was thrown
   */
  deadLetter(lease: Lease, reason: DeadReason, now: number, error?: unknown): Promise<boolean>
  /** Whether `complete` takes effects. Default: no. */
  readonly transactional?: boolean
}
