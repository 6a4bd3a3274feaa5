import { crc32 } from 'node:zlib'
import { WebhookConfigError, WebhookUnavailableError } from '@gwh/core/errors'
import type {
  DeadReason,
  DeliveryState,
  FailedAttempt,
  LeasedDelivery,
  QueuedDelivery,
  StoredDelivery,
} from '@gwh/core/queue'

/** The columns of `gwh_deliveries` that a message is stored in. */
export const MESSAGE_COLUMNS =
  'key, endpoint, id, timestamp, scheme, key_id, jwt_body_bound, received_at, body, checksum'

/**
 * The columns that are selected of a delivery.
 *
 * Integers are read as REAL: a damaged one beyond 2^53 would otherwise make `node:sqlite` throw, every time.
 */
export const DELIVERY_COLUMNS = `seq, key, endpoint, id, CAST(timestamp AS REAL) AS timestamp, scheme, key_id,
  jwt_body_bound IS NOT NULL AS jwt, jwt_body_bound = 1 AS body_bound, received_at, body,
  CAST(checksum AS REAL) AS checksum, state, state_time, CAST(token AS REAL) AS token,
  CAST(attempts AS REAL) AS attempts, dead_reason, history, replay IS NOT NULL AS replay`

/** A row of `gwh_deliveries` as `DELIVERY_COLUMNS` selects it. */
export interface DeliveryRow {
  seq: number
  key: string
  endpoint: string
  id: string
  timestamp: number
  scheme: QueuedDelivery['scheme']
  key_id: string | null
  /** 1 for deliveries with a JSON Web Token. */
  jwt: number
  /** 1 when the token is bound to the body. */
  body_bound: number | null
  received_at: number
  body: Uint8Array
  checksum: number
  state: DeliveryState
  state_time: number
  token: number
  attempts: number
  dead_reason: DeadReason | null
  history: string | null
  replay: number
}

/** The lease of a row. It is settled by its row, not by its key, because the key itself may be damaged. */
export interface RowLease {
  seq?: number
}

/** The lease that a claim returns, marked `unreadable` when the message is not the one that was stored. */
export function toLeased(row: DeliveryRow): LeasedDelivery & RowLease {
  const message = toMessage(row)
  return {
    key: row.key,
    seq: row.seq,
    token: row.token,
    attempt: row.attempts,
    message,
    history: readHistory(row.history),
    ...(row.replay === 1 && { replay: true }),
    ...(checksum(message) !== row.checksum && { unreadable: damaged() }),
  }
}

/** A delivery as the table stores it. */
export function toStored(row: DeliveryRow): StoredDelivery {
  return {
    state: row.state,
    message: toMessage(row),
    attempts: row.attempts,
    history: readHistory(row.history),
    stateTime: row.state_time,
    ...(row.dead_reason !== null && { reason: row.dead_reason }),
    ...(row.replay === 1 && { replay: true }),
  }
}

function toMessage(row: DeliveryRow): QueuedDelivery {
  return {
    key: row.key,
    endpoint: row.endpoint,
    id: row.id,
    timestamp: row.timestamp,
    scheme: row.scheme,
    ...(row.key_id === null ? {} : { keyId: row.key_id }),
    ...(row.jwt === 1 ? { jwt: { bodyBound: row.body_bound === 1 } } : {}),
    receivedAt: row.received_at,
    body: row.body,
  }
}

function damaged(): WebhookUnavailableError {
  return new WebhookUnavailableError('store_corrupt', 'a delivery in the database was changed or damaged')
}

// Failed attempts are only informative: when they cannot be read, the delivery is handled without them.
function readHistory(text: string | null): readonly FailedAttempt[] {
  if (text === null) return []
  try {
    const history: unknown = JSON.parse(text)
    return Array.isArray(history) ? history.filter(isFailedAttempt) : []
  } catch {
    return []
  }
}

function isFailedAttempt(value: unknown): value is FailedAttempt {
  const { attempt, failedAt, error } = (value ?? {}) as Partial<FailedAttempt>
  return typeof attempt === 'number' && typeof failedAt === 'number' && typeof error?.message === 'string'
}

/** The hash of a key in the index: 32 bits, signed, because SQLite stores those in four bytes. */
export function hashKey(key: string): number {
  return crc32(key) | 0
}

/** Detects a change in any field or byte of a message; SQLite checks the structure of its pages, not their content. */
export function checksum({ body, ...fields }: QueuedDelivery): number {
  const { key, endpoint, id, timestamp, scheme, keyId, jwt, receivedAt } = fields
  const text = JSON.stringify([key, endpoint, id, timestamp, scheme, keyId, jwt?.bodyBound, receivedAt])
  // The text comes last: it is never empty, and Node 22 drops the initial value when it gets no bytes.
  return crc32(text, crc32(body))
}

/**
 * Refuses a message that the table would refuse or change, before it fails the group it would commit with.
 *
 * @throws WebhookConfigError `option_invalid`
 */
export function checkStorable(message: QueuedDelivery): void {
  const { key, endpoint, id, scheme, keyId = '', timestamp, receivedAt, body } = message
  // One after the other: every delivery passes through here, and a loop over an object is slower than the rest.
  if (!isStorable(key)) throw notStorable('key')
  if (!isStorable(endpoint)) throw notStorable('endpoint')
  if (!isStorable(id)) throw notStorable('id')
  if (!isStorable(scheme)) throw notStorable('scheme')
  if (!isStorable(keyId)) throw notStorable('keyId')
  if (!Number.isSafeInteger(timestamp)) throw notStorable('timestamp')
  if (!Number.isFinite(receivedAt)) throw notStorable('receivedAt')
  if (!(body instanceof Uint8Array)) throw notStorable('body')
}

// SQLite keeps text as UTF-8, which has no lone surrogates, and some of its functions end a text at a zero byte.
function isStorable(text: unknown): boolean {
  return typeof text === 'string' && text.isWellFormed() && !text.includes('\0')
}

function notStorable(field: string): WebhookConfigError {
  return new WebhookConfigError('option_invalid', `the delivery's "${field}" cannot be stored`)
}
