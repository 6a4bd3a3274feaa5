import { crc32 } from 'node:zlib'
import { WebhookConfigError, WebhookUnavailableError } from '@gwh/core/errors'
import type { DeadLetter, DeadReason, LeasedDelivery, QueuedDelivery } from '@gwh/core/queue'

/** The columns of `deliveries` a message is read from. */
export const MESSAGE_COLUMNS =
  'key, endpoint, id, timestamp, scheme, key_id, jwt_body_bound, received_at, body, checksum'

/** A row of `deliveries` as SQLite returns it. */
export interface DeliveryRow {
  key: string
  endpoint: string
  id: string
  timestamp: number
  scheme: QueuedDelivery['scheme']
  key_id: string | null
  /** 0 or 1; `null` for deliveries without a JSON Web Token. */
  jwt_body_bound: number | null
  received_at: number
  body: Uint8Array
  checksum: number
}

/**
 * The message a row keeps.
 *
 * @throws WebhookUnavailableError `store_corrupt` when it is not the one that was put in
 */
export function toMessage(row: DeliveryRow): QueuedDelivery {
  const message: QueuedDelivery = {
    key: row.key,
    endpoint: row.endpoint,
    id: row.id,
    timestamp: row.timestamp,
    scheme: row.scheme,
    ...(row.key_id === null ? {} : { keyId: row.key_id }),
    ...(row.jwt_body_bound === null ? {} : { jwt: { bodyBound: row.jwt_body_bound === 1 } }),
    receivedAt: row.received_at,
    body: row.body,
  }
  if (checksum(message) === row.checksum) return message
  throw new WebhookUnavailableError('store_corrupt', 'a delivery in the database was changed or damaged')
}

/** What the index knows of a key: 32 bits, signed, for SQLite stores those in four bytes. */
export function hashKey(key: string): number {
  return crc32(key) | 0
}

/** Tells a message from one with any other field or byte; SQLite checks the form of its pages, not their content. */
export function checksum({ body, ...fields }: QueuedDelivery): number {
  const { key, endpoint, id, timestamp, scheme, keyId, jwt, receivedAt } = fields
  const text = JSON.stringify([key, endpoint, id, timestamp, scheme, keyId, jwt?.bodyBound, receivedAt])
  // The text last: it is never empty, and Node 22 forgets the start value when it is given no bytes.
  return crc32(text, crc32(body))
}

/** The lease a claim returned. */
export function toLeased(row: DeliveryRow & { token: number; attempts: number }): LeasedDelivery {
  return { key: row.key, token: row.token, attempt: row.attempts, message: toMessage(row) }
}

/** The dead letter a row keeps. */
export function toDeadLetter(
  row: DeliveryRow & { dead_reason: DeadReason; attempts: number; state_time: number },
): DeadLetter {
  return { message: toMessage(row), reason: row.dead_reason, attempts: row.attempts, deadAt: row.state_time }
}

/**
 * Refuses a message the table would refuse, before it takes down the whole group it would commit with.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkStorable(message: QueuedDelivery): void {
  const { key, endpoint, id, scheme, keyId = '', timestamp, receivedAt, body } = message
  const texts = [key, endpoint, id, scheme, keyId].every((text) => typeof text === 'string')
  if (texts && Number.isSafeInteger(timestamp) && Number.isFinite(receivedAt) && body instanceof Uint8Array)
    return
  throw new WebhookConfigError('option_invalid', 'the delivery has a field of the wrong type')
}
