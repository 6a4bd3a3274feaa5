import type { DeadLetter, DeadReason, Effect, QueuedDelivery, QueueStats } from './queue.ts'

/** Proof of the right to settle one delivery; a newer lease makes it worthless. */
export interface Lease {
  key: string
  /** Rises with every claim of the key. */
  token: number
}

/** A delivery somebody has just claimed. */
export interface LeasedDelivery extends Lease {
  message: QueuedDelivery
  /** Claims so far, this one included: counted when claimed, so that a crash loop ends too. */
  attempt: number
  /** Whether it may be what ends its processes, and must run with nothing beside it. */
  quarantined?: boolean
}

/**
 * The state transitions a queue needs, each atomic and durable when its promise resolves.
 *
 * `pending → running → done | retrying | dead`, and `dead → pending` by redrive. Every write after the claim
 * names its lease and is refused (`false`) once that lease is not the newest or no longer running.
 */
export interface QueueStorage {
  insert(message: QueuedDelivery): Promise<'enqueued' | 'duplicate'>
  /**
   * Claims up to `limit` deliveries that are pending, due again, or whose lease ran out; oldest first.
   *
   * One whose lease ran out on its second attempt or a later one is a suspect. While such a one waits nothing else
   * is claimed: it is, by itself, where it would run `alone` (the default), and nothing at all where it would not.
   */
  claim(options: {
    limit: number
    now: number
    leaseUntil: number
    alone?: boolean
  }): Promise<LeasedDelivery[]>
  renew(lease: Lease, leaseUntil: number): Promise<boolean>
  /** `effects` only where `transactional`: they and the completion happen in one transaction, or neither. */
  complete(lease: Lease, now: number, effects?: readonly Effect[]): Promise<boolean>
  retry(lease: Lease, dueAt: number): Promise<boolean>
  deadLetter(lease: Lease, reason: DeadReason, now: number): Promise<boolean>
  /** When the next claim could find something, in epoch milliseconds; `undefined` when nothing waits. */
  nextDueAt(): Promise<number | undefined>
  stats(now: number): Promise<QueueStats>
  listDead(limit: number): Promise<DeadLetter[]>
  redrive(keyOrAll: string, now: number): Promise<number>
  purgeDead(olderThan: number): Promise<number>
  /** Whether `complete` takes effects. Default: no. */
  readonly transactional?: boolean
  /** See `DeliveryQueue`. */
  isFull?(): boolean
  close(): Promise<void>
}
