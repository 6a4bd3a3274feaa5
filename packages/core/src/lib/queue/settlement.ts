import type { DeadReason, FailedAttempt } from './delivery-record.ts'
import type { Effect } from './queue.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/** The right to settle one delivery, until its key is claimed again. */
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
  /** How often it has been claimed, this time included. Counted by the claim, so that a crash loop ends. */
  attempt: number
  /** Whether it is a crash-loop suspect, which must run alone. Default: no. */
  quarantined?: boolean
  /** Its failed attempts that the backend keeps, oldest first. Default: none. */
  history?: readonly FailedAttempt[]
  /** Whether it is part of a replay. Default: no. */
  replay?: boolean
  /** Why the backend cannot read the stored message. The delivery then becomes a dead letter without being handled. */
  unreadable?: Error
}

/**
 * The transitions of a leased delivery that `tryDelivery` needs from a backend.
 *
 * Each method is atomic, and durable when its promise resolves. It changes nothing and resolves to `false` if the lease
 * is not the newest of its key or no longer running. It rejects if the outcome is unknown.
 */
export interface Settlement {
  /** Extends the lease at `now` to `leaseUntil` (both epoch milliseconds). */
  renew(lease: Lease, leaseUntil: number, now: number): Promise<boolean>
  /**
   * Records the delivery as handled at `now` (epoch milliseconds).
   *
   * @param effects Only if `transactional`: committed together with the completion, or not at all
   */
  complete(lease: Lease, now: number, effects?: readonly Effect[]): Promise<boolean>
  /**
   * Schedules a retry of the delivery at `dueAt`, as of `now` (both epoch milliseconds).
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
