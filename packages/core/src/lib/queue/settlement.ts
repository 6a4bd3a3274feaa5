import type { DeadReason, FailedAttempt } from './delivery-record.ts'
import type { Effect } from './queue.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

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
  /** The failed attempts the backend keeps of it, the oldest first. Default: none. */
  history?: readonly FailedAttempt[]
  /** Whether it is handled again by `replay`. Default: no. */
  replay?: boolean
  /** Why the backend cannot read the message it stored; the delivery then becomes a dead letter, unhandled. */
  unreadable?: Error
}

/**
 * What can happen to one leased delivery: all that `tryDelivery` needs of a backend.
 *
 * Each method is atomic, and durable when its promise resolves. It resolves to `false`, and changes nothing, once
 * the lease is no longer the newest of its key or no longer running. It rejects when the outcome is not known.
 */
export interface Settlement {
  /** Extends the lease at `now` to `leaseUntil` (both epoch milliseconds). */
  renew(lease: Lease, leaseUntil: number, now: number): Promise<boolean>
  /**
   * Records the delivery as handled at `now` (epoch milliseconds).
   *
   * @param effects Only where `transactional`: they and the completion happen in one transaction, or neither does
   */
  complete(lease: Lease, now: number, effects?: readonly Effect[]): Promise<boolean>
  /**
   * Decides at `now` to try the delivery again at `dueAt` (both epoch milliseconds).
   *
   * @param history The failed attempts to keep, this one last. Default: those kept already
   */
  retry(lease: Lease, dueAt: number, now: number, history?: readonly FailedAttempt[]): Promise<boolean>
  /**
   * Makes the delivery a dead letter at `now` (epoch milliseconds).
   *
   * @param history The failed attempts to keep, the last one last. Default: those kept already
   */
  deadLetter(
    lease: Lease,
    reason: DeadReason,
    now: number,
    history?: readonly FailedAttempt[],
  ): Promise<boolean>
  /** Whether `complete` takes effects. Default: no. */
  readonly transactional?: boolean
}
