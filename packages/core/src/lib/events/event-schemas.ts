import * as z from 'zod/mini'
import type { EventType } from './event-types.ts'

// Field names differ between Google's documentation, its samples and real deliveries, so all known names are read. A
// field of an unexpected type counts as absent, so that it does not make the whole event invalid.
const text = z.catch(z.optional(z.string()), undefined)
const textOrNumber = z.catch(z.optional(z.union([z.string(), z.number()])), undefined)

const dataShape = { id: textOrNumber }

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

const dataFields: z.ZodMiniType<DataFields> = z.looseObject(dataShape)

const failureFields: z.ZodMiniType<FailureFields> = z.looseObject({
  ...dataShape,
  error_code: textOrNumber,
  error_message: text,
})

const resultFields: z.ZodMiniType<ResultFields> = z.looseObject({
  ...dataShape,
  output_file_uri: text,
  video_uri: text,
  uri: text,
  file_name: text,
  file_id: text,
})

/** The body of a delivery. Unknown fields are kept. */
export interface Envelope {
  type: string
  data: Record<string, unknown>
  version?: string | undefined
  timestamp?: string | undefined
  [field: string]: unknown
}

/**
 * The schema of a delivery's body. `type` and an object `data` are required; all other fields are optional.
 *
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 */
export const envelopeSchema: z.ZodMiniType<Envelope> = z.looseObject({
  type: z.string().check(z.minLength(1), z.maxLength(256)),
  data: z.looseObject({}),
  version: text,
  timestamp: text,
})

/** The schemas of the wire `data`, by documented event type. Unknown fields are kept. */
export const dataSchemas: {
  readonly 'batch.succeeded': z.ZodMiniType<ResultFields>
  readonly 'batch.failed': z.ZodMiniType<FailureFields>
  readonly 'batch.expired': z.ZodMiniType<DataFields>
  readonly 'batch.cancelled': z.ZodMiniType<DataFields>
  readonly 'interaction.completed': z.ZodMiniType<DataFields>
  readonly 'interaction.failed': z.ZodMiniType<FailureFields>
  readonly 'interaction.requires_action': z.ZodMiniType<DataFields>
  readonly 'interaction.cancelled': z.ZodMiniType<DataFields>
  readonly 'video.generated': z.ZodMiniType<ResultFields>
} = {
  'batch.succeeded': resultFields,
  'batch.failed': failureFields,
  'batch.expired': dataFields,
  'batch.cancelled': dataFields,
  'interaction.completed': dataFields,
  'interaction.failed': failureFields,
  'interaction.requires_action': dataFields,
  'interaction.cancelled': dataFields,
  'video.generated': resultFields,
} satisfies Record<EventType, z.ZodMiniType>

/** The schema of the wire `data` of any event type, known or unknown. */
export const anyDataSchema: z.ZodMiniType<DataFields> = dataFields
