import type { DeadLetter, DeadReason, DeliveryRecord, DeliveryState } from './delivery-record.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/** The database that an effect changes: a part of `node:sqlite`'s `DatabaseSync`. */
export interface EffectDatabase {
  /** Runs statements without a result. */
  exec(sql: string): void
  /** Prepares one statement. */
  prepare(sql: string): {
    run(...parameters: EffectValue[]): unknown
    get(...parameters: EffectValue[]): unknown
    all(...parameters: EffectValue[]): unknown[]
  }
}

/** A value that SQLite can store. */
export type EffectValue = null | number | bigint | string | Uint8Array

/** A change to the database, committed if and only if the delivery is completed. Must be synchronous. */
export type Effect = (database: EffectDatabase) => void

/** The context of a delivery that is processed. */
export interface ProcessContext {
  /** How often the delivery has been tried, this time included; starts at 1. */
  attempt: number
  /** Aborted when the lease is lost, the handler times out, or the worker stops. */
  signal: AbortSignal
  /**
   * Adds an effect to the transaction that completes the delivery: both are committed, or neither is. The effect runs
   * after the handler has returned. `undefined` with queues that have no such transaction.
   */
  tx?: (effect: Effect) => void
  /** `true` if the delivery was handled before and runs again because of `replay`. */
  replay?: boolean
}

/** Handles one delivery. Resolving completes it; rejecting causes a retry. */
export type ProcessDelivery = (message: QueuedDelivery, context: ProcessContext) => Promise<void>

/** Options of `DeliveryQueue.work` and `drain`. */
export interface WorkOptions {
  /** How many deliveries are handled at a time. Default 8. */
  concurrency?: number
  /**
   * How long a claimed delivery is reserved for its worker, in milliseconds. Renewed while the handler runs; after a
   * crash, other workers can claim the delivery when it ends. Default 60,000.
   */
  leaseMs?: number
  /** How long a handler may take before its signal is aborted, in milliseconds. Default 600,000. */
  handlerTimeoutMs?: number
  /** How often a delivery is tried before it becomes a dead letter. Default 12. */
  maxAttempts?: number
  /** Longest first wait before a retry, in milliseconds; doubles per attempt. Default 1,000. */
  backoffMs?: number
  /** Longest wait before any retry, in milliseconds. Default 3,600,000. */
  maxBackoffMs?: number
  /** How often to look for deliveries of other processes, in milliseconds. Default 1,000. */
  pollMs?: number
  /** How long `stop` waits for running handlers before it aborts them, in milliseconds. Default 25,000. */
  stopTimeoutMs?: number
  /** Whether to keep the stack of a delivery's last error, for `deadLetters` and `get`. Default false. */
  recordStacks?: boolean
  /** Called after each try of a delivery with its outcome. What it throws is ignored. */
  onSettled?: (outcome: SettledDelivery) => unknown
  /** Called when the queue itself fails, for instance because its disk is full. The worker continues. */
  onError?: (error: unknown) => unknown
}

/** The outcome of one attempt to handle a delivery. */
export type SettledDelivery = { message: QueuedDelivery; attempt: number } & (
  | { outcome: 'done' }
  | { outcome: 'retry'; dueAt: number; error: unknown }
  | { outcome: 'dead'; reason: DeadReason; error: unknown }
  | { outcome: 'lease_lost' }
)

/** A running worker. */
export interface QueueWorker {
  /** Stops claiming deliveries, waits for running handlers, then resolves. Safe to call twice. */
  stop(): Promise<void>
}

/** The number of deliveries in each state. */
export interface QueueStats {
  pending: number
  running: number
  retrying: number
  dead: number
  done: number
  /** Age of the oldest delivery still waiting, in milliseconds; 0 when none waits. */
  oldestPendingMs: number
}

/** Which deliveries `list` returns. */
export interface ListOptions {
  /** Only deliveries in this state. Default: all. */
  state?: DeliveryState
  /** Largest number of deliveries to return. Default 100. */
  limit?: number
  /** The key of the last delivery of the previous page. Default: start with the newest. */
  after?: string
}

/** Which handled deliveries to replay. All conditions must hold; `{}` matches every delivery. */
export interface ReplayFilter {
  /** Only deliveries of this endpoint. */
  endpoint?: string
  /** Only events of this type, such as `batch.succeeded`. */
  type?: string
  /** Only deliveries received at or after this time, in epoch milliseconds. */
  receivedFrom?: number
  /** Only deliveries received before this time, in epoch milliseconds. */
  receivedUntil?: number
}

/** The dead letters of a queue. */
export interface DeadLetters {
  /** Lists the dead letters, newest first. `limit` defaults to 100. */
  list(options?: { limit?: number }): Promise<DeadLetter[]>
  /**
   * Makes a dead letter pending again with a new attempt budget.
   *
   * @param keyOrWebhookIdOrAll A key, a `webhook-id`, or `'all'`
   * @returns How many were redriven; 0 if no dead letter has that key or id
   */
  redrive(keyOrWebhookIdOrAll: string): Promise<number>
  /** Deletes dead letters from before `olderThan` (epoch milliseconds). Resolves to how many. */
  purge(options: { olderThan: number }): Promise<number>
}

/**
 * A durable queue: every acknowledged delivery is handled at least once, with leases, retries and dead letters.
 *
 * A key can be enqueued once. It counts as a duplicate for as long as the queue remembers it, handled or not.
 */
export interface DeliveryQueue {
  /** Adds a delivery. Resolves when it is durable; rejects if that is unknown. */
  enqueue(message: QueuedDelivery): Promise<'enqueued' | 'duplicate'>
  /** Handles deliveries until the worker is stopped. */
  work(process: ProcessDelivery, options?: WorkOptions): QueueWorker
  /**
   * Handles what is due now, then resolves to how many deliveries were tried. For cron and serverless functions.
   *
   * @param options.maxMs How long it may take, in milliseconds; running handlers are then aborted. Default: no limit
   */
  drain(process: ProcessDelivery, options?: WorkOptions & { maxMs?: number }): Promise<{ processed: number }>
  /** Counts the deliveries in each state. */
  stats(): Promise<QueueStats>
  /** The dead letters. */
  readonly deadLetters: DeadLetters
  /** Lists deliveries page by page, newest first. */
  list(options?: ListOptions): Promise<DeliveryRecord[]>
  /** Finds the delivery with that key, or else the newest with that `webhook-id`; `undefined` if there is none. */
  get(keyOrWebhookId: string): Promise<DeliveryRecord | undefined>
  /**
   * Handles deliveries again, with `context.replay` set. Needs a queue that retains bodies.
   *
   * @param idOrFilter A key, a `webhook-id`, or a filter
   * @returns How many will be handled again; 0 when none matches or their bodies were erased
   */
  replay(idOrFilter: string | ReplayFilter): Promise<number>
  /**
   * Whether `enqueue` would reject with `overloaded` right now. The receiver calls it before it reads a body, so it
   * answers from memory. Default: never.
   */
  isFull?(): boolean
  /** Why `isFull` returned `true`, in words, without payload. Default: no reason is known. */
  whyFull?(): string | undefined
  /**
   * Checks the configuration of the backend before the first delivery. An unreachable backend passes; deliveries are
   * refused until it is reachable. Default: no check.
   *
   * @throws WebhookConfigError `store_volatile` if it may lose acknowledged deliveries
   */
  ready?(): Promise<void>
  /** Closes the queue and frees its resources. Stop its workers first. */
  close(): Promise<void>
}
