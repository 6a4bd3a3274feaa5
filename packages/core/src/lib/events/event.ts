import { readJson } from '../shared/json.ts'
import { isRefusal, type Refusal, refuse, toError } from '../shared/refusal.ts'
import {
  type FailureFields,
  hasFailure,
  hasResult,
  isObject,
  type KnownEnvelope,
  type ResultFields,
  readData,
  readEnvelope,
} from './event-fields.ts'
import type { JobFailure, ResultPointer, UnknownEventData, WebhookEvent } from './event-types.ts'

// Old samples and test doubles still use this name, which Google changed before the first delivery.
const ALIASES = new Map([['batch.completed', 'batch.succeeded']])

/**
 * Parses the body of a delivery. Only `type` and an object `data` are required.
 *
 * @throws WebhookPayloadError `payload_invalid` if the body is not UTF-8, not JSON or not an envelope, or if the JSON has
 *   duplicate keys, `__proto__` keys or more than 64 levels
 */
export function parseEvent(body: Uint8Array | string): WebhookEvent {
  const event = readEvent(body)
  if (isRefusal(event)) throw toError(event)
  return event
}

/** Like `parseEvent`, but returns a refusal instead of throwing. */
export function readEvent(body: Uint8Array | string): WebhookEvent | Refusal {
  const parsed = readJson(body)
  if (parsed === undefined) return refuse('payload_invalid', 'the body is not JSON in UTF-8')
  if (parsed.flaw) return refuse('payload_invalid', `the body is unsafe JSON: ${parsed.flaw}`)
  const envelope = readEnvelope(parsed.value)
  if (!envelope) return refuse('payload_invalid', 'the body has no "type" string or no "data" object')
  return toEvent(envelope, parsed.value as Record<string, unknown>)
}

function toEvent(envelope: KnownEnvelope, raw: Record<string, unknown>): WebhookEvent {
  const type = ALIASES.get(envelope.type) ?? envelope.type
  const data = toData(type, envelope.data)
  return {
    type,
    id: data.id,
    data,
    userMetadata: findMetadata(raw, envelope.data),
    timestamp: envelope.timestamp,
    version: envelope.version,
    raw,
  } as WebhookEvent
}

function toData(
  type: string,
  wire: Record<string, unknown>,
): UnknownEventData & Partial<ResultPointer & JobFailure> {
  const fields = readData(type, wire)
  const id = fields.id === undefined || fields.id === '' ? undefined : toResourceId(type, String(fields.id))
  const data = Object.assign(fields, { id })
  if (hasResult(type)) return Object.assign(data, toPointer(fields))
  return hasFailure(type) ? Object.assign(data, toFailure(fields)) : data
}

/** The API names batches `batches/…`; events may omit the prefix. */
function toResourceId(type: string, id: string): string {
  return type.startsWith('batch.') && !id.includes('/') ? `batches/${id}` : id
}

function toPointer(fields: ResultFields): ResultPointer {
  const name = fields.file_name ?? fields.file_id
  const uri = fields.video_uri ?? fields.output_file_uri ?? fields.uri
  return { file: toFile(uri) ?? toFile(name), fileUri: uri ?? name }
}

const FILE_NAME = /^(?:files\/)?([A-Za-z0-9_-]+)$/
const FILE_URL = /^https?:\/\/[^/?#]+\/(?:[^?#]*\/)?files\/([A-Za-z0-9_-]+)(?::download)?(?:[?#]|$)/

/**
 * Returns `files/ID` for any form of a file pointer: a URL with or without `:download` and query, the name, or the bare
 * id. Keeps hyphens in the id; the SDK cuts `files/batch-…` at the first one.
 */
function toFile(pointer: string | undefined): string | undefined {
  const id = FILE_NAME.exec(pointer ?? '')?.[1] ?? FILE_URL.exec(pointer ?? '')?.[1]
  return id === undefined ? undefined : `files/${id}`
}

function toFailure(fields: FailureFields): JobFailure {
  const code = fields.error_code
  return { errorCode: code === undefined ? undefined : String(code), errorMessage: fields.error_message }
}

/** Google does not document where `user_metadata` is, so this looks in the envelope first, then in `data`. */
function findMetadata(raw: Record<string, unknown>, data: Record<string, unknown>): Record<string, unknown> {
  const found = [raw.user_metadata, raw.userMetadata, data.user_metadata, data.userMetadata].find(isObject)
  return found ?? {}
}
