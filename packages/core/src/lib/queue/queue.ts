/** A verified delivery as a queue keeps it until it has been handled. */
export interface QueuedDelivery {
  /** Idempotency key: one value per endpoint and `webhook-id`. */
  key: string
  /** The receiver's endpoint name. */
  endpoint: string
  /** `webhook-id` as received. */
  id: string
  /** `webhook-timestamp` of the accepted attempt, in unix seconds. */
  timestamp: number
  scheme: 'static' | 'dynamic'
  /** The signing secret or public key that matched, in its public short form. */
  keyId?: string
  /** When the receiver took the delivery in, in epoch milliseconds. */
  receivedAt: number
  /** The body exactly as it was signed. */
  body: Uint8Array
  /** Only for deliveries with a JSON Web Token: whether it vouches for the body. */
  jwt?: { bodyBound: boolean }
}

/** Why a delivery was given up on. */
export type DeadReason = 'attempts' | 'payload_invalid' | 'handler_rejected'

/** A delivery nobody will try again unless it is redriven. */
export interface DeadLetter {
  message: QueuedDelivery
  reason: DeadReason
  /** How often it was tried. */
  attempts: number
  /** When it was given up on, in epoch milliseconds. */
  deadAt: number
}

/** The database of a queue that lives in one, as far as effects need it. `node:sqlite`'s `DatabaseSync` fits. */
export interface EffectDatabase {
  exec(sql: string): void
  prepare(sql: string): {
    run(...parameters: EffectValue[]): unknown
    get(...parameters: EffectValue[]): unknown
    all(...parameters: EffectValue[]): unknown[]
  }
}

/** A value SQL knows. */
export type EffectValue = null | number | bigint | string | Uint8Array

/** A change to the database that is to happen if, and only if, the delivery is completed. Synchronous. */
export type Effect = (database: EffectDatabase) => void

/** What a queue tells the code that processes one delivery. */
export interface ProcessContext {
  /** How often the delivery has been tried, this time included; starts at 1. */
  attempt: number
  /** Aborted when the lease is lost, the handler's time is up, or the worker stops for good. */
  signal: AbortSignal
  /**
   * Adds an effect to the transaction that completes the delivery: both happen, once, or neither. Runs after the
   * handler has returned. `undefined` where the queue keeps its deliveries in no database of the caller's.
   */
  tx?: (effect: Effect) => void
}

/** Handles one delivery; resolving completes it, throwing has it tried again later. */
export type ProcessDelivery = (message: QueuedDelivery, context: ProcessContext) => Promise<void>

/** How a worker runs. */
export interface WorkOptions {
  /** How many deliveries are handled at a time. Default 8. */
  concurrency?: number
  /** How long a claimed delivery is out of others' reach unless renewed, in milliseconds. Default 60 000. */
  leaseMs?: number
  /** How long one handling may take before its signal is aborted, in milliseconds. Default 600 000. */
  handlerTimeoutMs?: number
  /** How often a delivery is tried before it becomes a dead letter. Default 12. */
  maxAttempts?: number
  /** Longest first wait before a retry, in milliseconds; doubles per attempt. Default 1 000. */
  backoffMs?: number
  /** Longest wait before any retry, in milliseconds. Default 3 600 000. */
  maxBackoffMs?: number
  /** How often to look for deliveries other processes enqueued, in milliseconds. Default 1 000. */
  pollMs?: number
  /** How long `stop` waits for running handlers before it aborts them, in milliseconds. Default 25 000. */
  stopTimeoutMs?: number
  /** Told of everything a worker settles. */
  onSettled?: (outcome: SettledDelivery) => unknown
  /** Told when the queue itself failed, for instance because its disk is full. The worker goes on. */
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

/** Deliveries given up on, and what an operator can do about them. */
export interface DeadLetters {
  /** The newest first. Default limit 100. */
  list(options?: { limit?: number }): Promise<DeadLetter[]>
  /** Makes one (by key) or `'all'` pending again with a new attempt budget; resolves to how many. */
  redrive(keyOrAll: string): Promise<number>
  /** Deletes those given up on before `olderThan` (epoch milliseconds); resolves to how many. */
  purge(options: { olderThan: number }): Promise<number>
}

/**
 * Keeps every acknowledged delivery until it was handled: at least once, leased, retried, dead-lettered.
 *
 * A delivery is enqueued once per key, also after it was handled, for the queue's whole retention.
 */
export interface DeliveryQueue {
  /** Resolves only when the delivery is durable; rejects when that is not known. */
  enqueue(message: QueuedDelivery): Promise<'enqueued' | 'duplicate'>
  /** Handles deliveries until the worker is stopped. */
  work(process: ProcessDelivery, options?: WorkOptions): QueueWorker
  /** Handles what is due now, up to `maxMs`, then resolves. For cron and serverless, where no worker lives. */
  drain(process: ProcessDelivery, options?: WorkOptions & { maxMs?: number }): Promise<{ processed: number }>
  stats(): Promise<QueueStats>
  readonly deadLetters: DeadLetters
  /**
   * Whether the queue takes more right now. Asked before a body is read, so it must answer from memory; `enqueue`
   * rejects with `overloaded` all the same where it has to. Default: always.
   */
  isFull?(): boolean
  /**
   * Checks how the backend is set up, once, before the first delivery. A backend that cannot be reached right now
   * passes: deliveries are refused until it can. Default: nothing to check.
   *
   * @throws WebhookConfigError `store_volatile` when it would lose acknowledged deliveries
   */
  ready?(): Promise<void>
  /** Frees what the queue holds open; its workers must have been stopped. */
  close(): Promise<void>
}
