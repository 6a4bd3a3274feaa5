import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import type { DeliveryRecord } from '@gwh/core/queue'
import type { QueueEntry } from '../protocol/queue.ts'

// Enough to see what an unreadable body is.
const MAX_TEXT_BYTES = 16 * 1024

/**
 * Copies what a queue knows of a delivery for display. The body is left out where it was an event, because it may hold a
 * job token; the event of the record does not.
 */
export function toEntry(record: DeliveryRecord): QueueEntry {
  const { message, event, reason, lastError, failedAt, dueAt, settledAt } = record
  return {
    key: message.key,
    webhookId: message.id,
    endpoint: message.endpoint,
    scheme: message.scheme,
    state: record.state,
    receivedAt: message.receivedAt,
    attempts: record.attempts,
    bodyBytes: message.body.byteLength,
    ...(reason && { reason }),
    ...(lastError && { lastError: withoutStack(lastError) }),
    ...(failedAt !== undefined && { failedAt }),
    ...(dueAt !== undefined && { dueAt }),
    ...(settledAt !== undefined && { settledAt }),
    ...(event === undefined
      ? textOf(message.body)
      : { eventType: event.type, event: JSON.stringify(eventFields(event), null, 2) }),
    history: record.history.map(({ attempt, failedAt, error }) => ({
      attempt,
      failedAt,
      error: withoutStack(error),
    })),
  }
}

/** A stack names files of the server. */
function withoutStack({ name, message, code }: NonNullable<DeliveryRecord['lastError']>) {
  return { name, message, ...(code !== undefined && { code }) }
}

function eventFields({ raw: _, ...fields }: NonNullable<DeliveryRecord['event']>): object {
  return fields
}

function textOf(body: Uint8Array): { text?: string } {
  if (body.byteLength === 0) return {}
  const text = new TextDecoder().decode(body.subarray(0, MAX_TEXT_BYTES))
  return { text: text.replaceAll(TOKEN, '$1…') }
}

// Up to the end of the text, because it may be cut there.
const TOKEN = new RegExp(`(${JOB_TOKEN_FIELD}\\W{1,20})[\\w.~+/=-]+`, 'g')
