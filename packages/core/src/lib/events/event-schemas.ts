import * as z from 'zod/mini'
import type { DataFields, Envelope, FailureFields, ResultFields } from './event-fields.ts'
import type { EventType } from './event-types.ts'

// `event-fields.ts` reads the same fields by hand, and a property test holds the two together: zod costs more to load than
// everything else in a receiver. Here it serves those who import the schemas.
const text = z.catch(z.optional(z.string()), undefined)
const textOrNumber = z.catch(z.optional(z.union([z.string(), z.number()])), undefined)

const dataShape = { id: textOrNumber }

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
