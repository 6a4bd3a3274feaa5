import type { DeliveryState } from './delivery-record.ts'
import type { QueueStats } from './queue.ts'
import type { QueuedDelivery } from './queued-delivery.ts'
import type { LeasedDelivery, Settlement } from './settlement.ts'
import type { StoredDelivery } from './to-record.ts'

/** How many deliveries to claim, and for how long. */
export interface ClaimTerms {
  /** The most deliveries to claim. */
  limit: number
  /** The current time, in epoch milliseconds. */
  now: number
  /** When the leases end, in epoch milliseconds. */
  leaseUntil: number
  /** Whether nothing else runs in this process, so that a crash-loop suspect may be claimed. Default: yes. */
  alone?: boolean
  /** Keys not to claim, because their handlers still run in this process. Default: none. */
  exclude?: ReadonlySet<string>
}

/**
 * The state transitions a queue needs, each atomic and durable when its promise resolves.
 *
 * `pending → running → done | retrying | dead`, and `dead → pending` by redrive.
 */
export interface QueueStorage extends Settlement {
  /** Adds a delivery unless its key is known, in any state. */
  insert(message: QueuedDelivery): Promise<'enqueued' | 'duplicate'>
  /**
   * Claims deliveries that are pending, due again, or whose lease ran out; the oldest first.
   *
   * A delivery whose lease ran out on its second or a later attempt is a crash-loop suspect. While one waits,
   * nothing else is claimed: with `alone` the claim returns one such suspect only, and otherwise nothing.
   *
   * So that a clock that was set back does not delay deliveries, a lease that ends later than the longest lease so far,
   * and a retry due later than the longest wait so far, count as due.
   */
  claim(terms: ClaimTerms): Promise<LeasedDelivery[]>
  /** When the next claim could find something, in epoch milliseconds; `undefined` when nothing waits. */
  nextDueAt(now: number): Promise<number | undefined>
  /** Counts the deliveries in each state. */
  stats(now: number): Promise<QueueStats>
  /** The newest deliveries, of one state or of all; those older than the one with the key `after`. */
  list(options: { state?: DeliveryState; limit: number; after?: string }): Promise<StoredDelivery[]>
  /** The delivery with that key, or else the newest with that `webhook-id`. */
  get(keyOrWebhookId: string): Promise<StoredDelivery | undefined>
  /** The latest dead letters, newest first, at most `limit`. */
  listDead(limit: number): Promise<StoredDelivery[]>
  /**
   * Makes the dead letter with that key, every one with that `webhook-id`, or `'all'` pending with a new attempt
   * budget; resolves to how many.
   */
  redrive(keyOrWebhookIdOrAll: string, now: number): Promise<number>
  /** Makes the handled deliveries of these keys pending again, where their bodies are kept; resolves to how many. */
  replay(keys: readonly string[], now: number): Promise<number>
  /** Deletes dead letters from before `olderThan` (epoch milliseconds); resolves to how many. */
  purgeDead(olderThan: number): Promise<number>
  /** See `DeliveryQueue.isFull`. */
  isFull?(): boolean
  /** See `DeliveryQueue.whyFull`. */
  whyFull?(): string | undefined
  /** Closes the storage and frees its resources. */
  close(): Promise<void>
}
