import type { WebhookEvent } from '../events/event-types.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/** Where a delivery is on its way: `pending → running → done | retrying | dead`. */
export type DeliveryState = 'pending' | 'running' | 'retrying' | 'done' | 'dead'

/**
 * Why a delivery became a dead letter: every attempt failed or ended its process (`attempts`), the body is no event
 * (`payload_invalid`), a handler threw `PermanentError` (`handler_rejected`), or the queue can no longer read what it
 * stored (`corrupt`).
 */
export type DeadReason = 'attempts' | 'payload_invalid' | 'handler_rejected' | 'corrupt'

/** An error as a queue keeps it. Long texts are cut. */
export interface RecordedError {
  /** The error's `name`, at most 100 characters. */
  name: string
  /** The error's `message`, at most 1,000 characters. */
  message: string
  /** The error's `code` where it has one, at most 100 characters. */
  code?: string
  /** The error's stack, at most 4,000 characters. Only with `recordStacks`, and only of the last error. */
  stack?: string
}

/** One attempt that failed. */
export interface FailedAttempt {
  /** The number of the attempt; starts at 1, and again at 1 after a redrive. */
  attempt: number
  /** When it failed, in epoch milliseconds. */
  failedAt: number
  /** What the handler threw. */
  error: RecordedError
}

/** What a queue knows about one delivery. */
export interface DeliveryRecord {
  /** The state it is in. */
  state: DeliveryState
  /** The delivery. Its body is empty once it was handled, unless bodies are retained. */
  message: QueuedDelivery
  /** How often it was tried, since its last redrive or replay. */
  attempts: number
  /** Its failed attempts, the oldest first; at most the last 10. An attempt that ended its process is not in it. */
  history: readonly FailedAttempt[]
  /** The error of its last failed attempt. */
  lastError?: RecordedError
  /** When its last failed attempt failed, in epoch milliseconds. */
  failedAt?: number
  /** The event in the body, without the job token; absent when the body is no event or was erased. */
  event?: WebhookEvent
  /** When it is tried again (`retrying`) or its lease ends (`running`), in epoch milliseconds. */
  dueAt?: number
  /** When it was handled or became a dead letter, in epoch milliseconds. */
  settledAt?: number
  /** Why it is a dead letter. */
  reason?: DeadReason
  /** Whether it waits, runs or failed as part of a replay. */
  replay?: true
}

/** A delivery that is not tried again unless it is redriven. */
export interface DeadLetter extends DeliveryRecord {
  state: 'dead'
  /** Why it was given up on. */
  reason: DeadReason
  /** When it was given up on, in epoch milliseconds. */
  deadAt: number
  /** When its last attempt failed, in epoch milliseconds; `deadAt` where no failure was recorded. */
  failedAt: number
}
