import type { WebhookEvent } from '../events/event-types.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/** The state of a delivery: `pending → running → done | retrying | dead`. */
export type DeliveryState = 'pending' | 'running' | 'retrying' | 'done' | 'dead'

/**
 * Why a delivery became a dead letter: every attempt failed or crashed its process (`attempts`), the body is not an event
 * (`payload_invalid`), a handler threw `PermanentError` (`handler_rejected`), or the queue can no longer read what it
 * stored (`corrupt`).
 */
export type DeadReason = 'attempts' | 'payload_invalid' | 'handler_rejected' | 'corrupt'

/** An error as a queue stores it. Long texts are truncated. */
export interface RecordedError {
  /** The error's `name`, at most 100 characters. */
  name: string
  /** The error's `message`, at most 1,000 characters. */
  message: string
  /** The error's `code` if it has one, at most 100 characters. */
  code?: string
  /** The error's stack, at most 4,000 characters. Only with `recordStacks`, and only for the last error. */
  stack?: string
}

/** One attempt that failed. */
export interface FailedAttempt {
  /** The number of the attempt, starting at 1, also after a redrive. */
  attempt: number
  /** When it failed, in epoch milliseconds. */
  failedAt: number
  /** What the handler threw. */
  error: RecordedError
}

/** What a queue knows about one delivery. */
export interface DeliveryRecord {
  /** Its state. */
  state: DeliveryState
  /** The delivery. Its body is erased when it is handled, unless bodies are retained. */
  message: QueuedDelivery
  /** The number of attempts since its last redrive or replay. */
  attempts: number
  /** Its last 10 failed attempts, oldest first, without attempts that crashed their process. */
  history: readonly FailedAttempt[]
  /** The error of its last failed attempt. */
  lastError?: RecordedError
  /** When its last failed attempt failed, in epoch milliseconds. */
  failedAt?: number
  /** The event in the body, without the job token; absent when the body is not an event or was erased. */
  event?: WebhookEvent
  /** When it is tried again (`retrying`) or its lease ends (`running`), in epoch milliseconds. */
  dueAt?: number
  /** When it was handled or became a dead letter, in epoch milliseconds. */
  settledAt?: number
  /** Why it is a dead letter. */
  reason?: DeadReason
  /** Whether it is part of a replay. */
  replay?: true
}

/** A delivery that is not tried again until it is redriven. */
export interface DeadLetter extends DeliveryRecord {
  state: 'dead'
  /** Why it became a dead letter. */
  reason: DeadReason
  /** When it became a dead letter, in epoch milliseconds. */
  deadAt: number
  /** When its last attempt failed, in epoch milliseconds; `deadAt` if no failure was recorded. */
  failedAt: number
}
