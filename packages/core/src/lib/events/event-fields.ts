import type { EventType } from './event-types.ts'

/** The wire `data` of every event. Unknown fields are kept. */
export interface DataFields {
  /** The resource id of the job. */
  id?: string | number | undefined
  [field: string]: unknown
}

/** The wire `data` of a failure event. */
export interface FailureFields extends DataFields {
  error_code?: string | number | undefined
  error_message?: string | undefined
}

/** The wire `data` of an event with a result, under every known field name. */
export interface ResultFields extends DataFields {
  output_file_uri?: string | undefined
  video_uri?: string | undefined
  uri?: string | undefined
  file_name?: string | undefined
  file_id?: string | undefined
}

/** The body of a delivery. Unknown fields are kept. */
export interface Envelope {
  type: string
  data: Record<string, unknown>
  version?: string | undefined
  timestamp?: string | undefined
  [field: string]: unknown
}

const MAX_TYPE_LENGTH = 256

/** The known fields of the body of a delivery. */
export type KnownEnvelope = Pick<Envelope, 'type' | 'data' | 'version' | 'timestamp'>

/**
 * Reads the known fields of a delivery's body like `envelopeSchema`; `undefined` if it is none.
 *
 * @param value Any parsed JSON
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 */
export function readEnvelope(value: unknown): KnownEnvelope | undefined {
  if (!isObject(value)) return undefined
  const { type, data, version, timestamp } = value
  if (typeof type !== 'string' || type === '' || type.length > MAX_TYPE_LENGTH) return undefined
  if (!isObject(data)) return undefined
  return {
    type,
    data,
    version: isText(version) ? version : undefined,
    timestamp: isText(timestamp) ? timestamp : undefined,
  }
}

/** Copies the wire `data` of an event like its schema in `dataSchemas`. Unknown fields are kept. */
export function readData(type: string, wire: Record<string, unknown>): ResultFields & FailureFields {
  const fields = { ...wire }
  dropOthers(fields, ['id'], isTextOrNumber)
  if (hasResult(type)) dropOthers(fields, RESULT_TEXTS, isText)
  if (hasFailure(type)) {
    dropOthers(fields, ['error_code'], isTextOrNumber)
    dropOthers(fields, ['error_message'], isText)
  }
  return fields
}

/** Whether events of a type point to a result. */
export function hasResult(type: string): boolean {
  return (RESULT_TYPES as readonly string[]).includes(type)
}

/** Whether events of a type say why their job failed. */
export function hasFailure(type: string): boolean {
  return (FAILURE_TYPES as readonly string[]).includes(type)
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const RESULT_TYPES = ['batch.succeeded', 'video.generated'] as const satisfies EventType[]
const FAILURE_TYPES = ['batch.failed', 'interaction.failed'] as const satisfies EventType[]

// Field names differ between Google's documentation, its samples and real deliveries, so all known names are read. A
// field of an unexpected type counts as absent, so that it does not make the whole event invalid.
const RESULT_TEXTS = ['output_file_uri', 'video_uri', 'uri', 'file_name', 'file_id']

function dropOthers(
  fields: Record<string, unknown>,
  names: readonly string[],
  isExpected: (value: unknown) => boolean,
): void {
  for (const name of names) {
    const value = fields[name]
    if (value !== undefined && !isExpected(value)) fields[name] = undefined
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTextOrNumber(value: unknown): boolean {
  return typeof value === 'string' || Number.isFinite(value)
}
