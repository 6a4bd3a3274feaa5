import * as z from 'zod/mini'
import type { EventType } from './event-types.ts'

// Fields drift between Google's documentation, its samples and the wire: every spelling seen is read, and a
// field of an unexpected kind counts as absent rather than costing the whole event.
const text = z.catch(z.optional(z.string()), undefined)
const textOrNumber = z.catch(z.optional(z.union([z.string(), z.number()])), undefined)

const dataShape = { id: textOrNumber }

/** The wire `data` every event has. Unknown fields are kept. */
export interface DataFields {
  id?: string | number | undefined
  [field: string]: unknown
}

/** The wire `data` of an event that tells of a failure. */
export interface FailureFields extends DataFields {
  error_code?: string | number | undefined
  error_message?: string | undefined
}

/** The wire `data` of an event that points to a result, in every spelling seen. */
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

/** What the body of a delivery says before its `data` is looked at. Unknown fields are kept. */
export interface Envelope {
  type: string
  data: Record<string, unknown>
  version?: string | undefined
  timestamp?: string | undefined
  [field: string]: unknown
}

/** The body of a delivery: `type` and an object `data` are required, everything else is optional. */
export const envelopeSchema: z.ZodMiniType<Envelope> = z.looseObject({
  type: z.string().check(z.minLength(1), z.maxLength(256)),
  data: z.looseObject({}),
  version: text,
  timestamp: text,
})

/** The `data` of each documented event type, as it is on the wire. Unknown fields are kept. */
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

/** The wire `data` of any event, known or not. */
export const anyDataSchema: z.ZodMiniType<DataFields> = dataFields
