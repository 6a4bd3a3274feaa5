import type { DeadLetter, QueuedDelivery, QueueStats } from './queue.ts'
import type { LeasedDelivery, Settlement } from './settlement.ts'

/** How many deliveries to claim, and for how long. */
export interface ClaimTerms {
  /** The most deliveries to claim. */
  limit: number
  /** The present, in epoch milliseconds. */
  now: number
  /** When the leases end, in epoch milliseconds. */
  leaseUntil: number
  /** Whether nothing else runs in this process, so that a crash-loop suspect may be claimed. Default: yes. */
  alone?: boolean
}

/**
 * The state transitions a queue needs, each atomic and durable when its promise resolves.
 *
 * `pending → running → done | retrying | dead`, and `dead → pending` by redrive.
 */
export interface QueueStorage extends Settlement {
  /** Adds a delivery unless its key is known, in whatever state. */
  insert(message: QueuedDelivery): Promise<'enqueued' | 'duplicate'>
  /**
   * Claims deliveries that are pending, due again, or whose lease ran out; the oldest first.
   *
   * A delivery whose lease ran out on its second or a later attempt is a crash-loop suspect. While one waits,
   * nothing else is claimed: with `alone` the claim returns one suspect, by itself, and otherwise nothing.
   */
  claim(terms: ClaimTerms): Promise<LeasedDelivery[]>
  /** When the next claim could find something, in epoch milliseconds; `undefined` when nothing waits. */
  nextDueAt(): Promise<number | undefined>
  /** Counts the deliveries in each state. */
  stats(now: number): Promise<QueueStats>
  /** The newest dead letters, up to `limit`. */
  listDead(limit: number): Promise<DeadLetter[]>
  /** Makes one dead letter, or `'all'`, pending with a new attempt budget; resolves to how many. */
  redrive(keyOrAll: string, now: number): Promise<number>
  /** Deletes dead letters from before `olderThan` (epoch milliseconds); resolves to how many. */
  purgeDead(olderThan: number): Promise<number>
  /** See `DeliveryQueue.isFull`. */
  isFull?(): boolean
  /** Frees what the storage holds open. */
  close(): Promise<void>
}
