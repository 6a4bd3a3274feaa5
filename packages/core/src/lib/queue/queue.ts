import type { DeadLetter, DeadReason, DeliveryRecord, DeliveryState } from './delivery-record.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/** What an effect may do with the database it changes: a part of `node:sqlite`'s `DatabaseSync`. */
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

/** A change to the database that happens if, and only if, the delivery is completed. Must be synchronous. */
export type Effect = (database: EffectDatabase) => void

/** What code that processes a delivery gets beside the delivery. */
export interface ProcessContext {
  /** How often the delivery has been tried, this time included; starts at 1. */
  attempt: number
  /** Aborted when the lease is lost, the handler's time is up, or the worker stops for good. */
  signal: AbortSignal
  /**
   * Adds an effect to the transaction that completes the delivery: both happen, once, or neither does. The effect
   * runs after the handler has returned. `undefined` with queues that have no such transaction.
   */
  tx?: (effect: Effect) => void
  /** `true` when the delivery was handled before and `replay` has it handled again. */
  replay?: boolean
}

/** Handles one delivery. Resolving completes it; rejecting has it tried again later. */
export type ProcessDelivery = (message: QueuedDelivery, context: ProcessContext) => Promise<void>

/** How a worker runs. */
export interface WorkOptions {
  /** How many deliveries are handled at a time. Default 8. */
  concurrency?: number
  /**
   * How long no other worker can claim a delivery whose worker vanished, in milliseconds. Renewed while the handler
   * runs. Default 60 000.
   */
  leaseMs?: number
  /** How long one handling may take before its signal is aborted, in milliseconds. Default 600 000. */
  handlerTimeoutMs?: number
  /** How often a delivery is tried before it becomes a dead letter. Default 12. */
  maxAttempts?: number
  /** Longest first wait before a retry, in milliseconds; doubles per attempt. Default 1 000. */
  backoffMs?: number
  /** Longest wait before any retry, in milliseconds. Default 3 600 000. */
  maxBackoffMs?: number
  /** How often to look for deliveries of other processes, in milliseconds. Default 1 000. */
  pollMs?: number
  /** How long `stop` waits for running handlers before it aborts them, in milliseconds. Default 25 000. */
  stopTimeoutMs?: number
  /** Whether to keep the stack of a delivery's last error, for `deadLetters` and `get`. Default false. */
  recordStacks?: boolean
  /** Called after each try of a delivery with its outcome. What it throws is ignored. */
  onSettled?: (outcome: SettledDelivery) => unknown
  /** Called when the queue itself failed, for instance because its disk is full. The worker goes on. */
  onError?: (error: unknown) => unknown
}

/** How one try of a delivery ended. */
export type SettledDelivery = { message: QueuedDelivery; attempt: number } & (
  | { outcome: 'done' }
  | { outcome: 'retry'; dueAt: number; error: unknown }
  | { outcome: 'dead'; reason: DeadReason; error: unknown }
  | { outcome: 'lease_lost' }
)

/** A running worker. */
export interface QueueWorker {
  /** Takes no new delivery, waits for running handlers, then resolves. Safe to call twice. */
  stop(): Promise<void>
}

/** How many deliveries are in which state. */
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
  /** At most so many. Default 100. */
  limit?: number
  /** The key of the last delivery of the page before. Default: from the newest on. */
  after?: string
}

/** Which handled deliveries `replay` takes; all conditions must hold, and `{}` takes every one. */
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

/** The deliveries that were given up on, and what an operator can do about them. */
export interface DeadLetters {
  /** The dead letters, the newest first. `limit` defaults to 100. */
  list(options?: { limit?: number }): Promise<DeadLetter[]>
  /**
   * Makes a dead letter pending again with a new attempt budget.
   *
   * @param keyOrWebhookIdOrAll A key, a `webhook-id`, or `'all'`
   * @returns How many were redriven; 0 when no dead letter has that key or id. `get` tells what became of it
   */
  redrive(keyOrWebhookIdOrAll: string): Promise<number>
  /** Deletes those given up on before `olderThan` (epoch milliseconds); resolves to how many. */
  purge(options: { olderThan: number }): Promise<number>
}

/**
 * Keeps every acknowledged delivery until it was handled: at least once, leased, retried, dead-lettered.
 *
 * A key is enqueued once: as long as the queue remembers it, handled or not, it stays a duplicate.
 */
export interface DeliveryQueue {
  /** Resolves only when the delivery is durable; rejects when that is not known. */
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
  /** The deliveries that were given up on. */
  readonly deadLetters: DeadLetters
  /** Lists deliveries, the newest first, a page at a time. */
  list(options?: ListOptions): Promise<DeliveryRecord[]>
  /** The delivery with that key, or else the newest with that `webhook-id`; `undefined` when there is none. */
  get(keyOrWebhookId: string): Promise<DeliveryRecord | undefined>
  /**
   * Has handled deliveries handled again, with `context.replay`. Needs a queue that retains bodies.
   *
   * @param idOrFilter A key, a `webhook-id`, or which deliveries
   * @returns How many will be handled again; 0 when none matches or their bodies were erased
   */
  replay(idOrFilter: string | ReplayFilter): Promise<number>
  /**
   * Whether `enqueue` would reject with `overloaded` right now. The receiver calls it before it reads a body, so it
   * answers from memory. Default: never.
   */
  isFull?(): boolean
  /**
   * Checks how the backend is set up, once, before the first delivery. A backend that cannot be reached right now
   * passes: deliveries are refused until it can. Default: nothing to check.
   *
   * @throws WebhookConfigError `store_volatile` when it would lose acknowledged deliveries
   */
  ready?(): Promise<void>
  /** Frees what the queue holds open. Stop its workers first. */
  close(): Promise<void>
}
