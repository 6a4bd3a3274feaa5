import { readEvent } from '../events/event.ts'
import { hideJobToken } from '../jobs/hide-job-token.ts'
import { isRefusal } from '../shared/refusal.ts'
import type {
  DeadLetter,
  DeadReason,
  DeliveryRecord,
  DeliveryState,
  FailedAttempt,
} from './delivery-record.ts'
import type { QueuedDelivery } from './queued-delivery.ts'

/** A delivery as a backend keeps it. */
export interface StoredDelivery {
  /** Its state. */
  state: DeliveryState
  /** The delivery, with an empty body if it was erased. */
  message: QueuedDelivery
  /** How often it was claimed, since its last redrive or replay. */
  attempts: number
  /** The failed attempts last given to `retry` or `deadLetter`. */
  history: readonly FailedAttempt[]
  /** Due at (`retrying`), leased until (`running`), settled at (`done`, `dead`), in epoch milliseconds. */
  stateTime: number
  /** Why it is a dead letter. */
  reason?: DeadReason
  /** Whether it is part of a replay. */
  replay?: boolean
}

/** Converts a stored delivery to its public record. */
export function toRecord(stored: StoredDelivery): DeliveryRecord {
  const { state, message, attempts, history, stateTime, reason, replay } = stored
  const event = readEvent(message.body)
  const last = history.at(-1)
  return {
    state,
    message,
    attempts,
    history,
    ...(last && { lastError: last.error, failedAt: last.failedAt }),
    // A message that was changed in the file cannot be trusted.
    ...(!isRefusal(event) && reason !== 'corrupt' && { event: hideJobToken(event) }),
    ...((state === 'retrying' || state === 'running') && { dueAt: stateTime }),
    ...((state === 'done' || state === 'dead') && { settledAt: stateTime }),
    ...(state === 'dead' && { reason: reason ?? 'attempts' }),
    ...(replay && { replay }),
  }
}

/** Converts a stored dead letter to its public record. */
export function toDeadLetter(stored: StoredDelivery): DeadLetter {
  const record = toRecord(stored)
  const { stateTime, reason = 'attempts' } = stored
  return { ...record, state: 'dead', reason, deadAt: stateTime, failedAt: record.failedAt ?? stateTime }
}
