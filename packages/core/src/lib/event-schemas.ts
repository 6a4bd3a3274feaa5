import * as z from 'zod/mini'
import type { EventType } from './event-types.ts'

// Fields drift between Google's documentation, its samples and the wire: every spelling seen is read, and a
// field of an unexpected kind counts as absent rather than costing the whole event.
const text = z.catch(z.optional(z.string()), undefined)
const textOrNumber = z.catch(z.optional(z.union([z.string(), z.number()])), undefined)

const dataFields = z.looseObject({ id: textOrNumber })

const failureFields = z.extend(dataFields, { error_code: textOrNumber, error_message: text })

const resultFields = z.extend(dataFields, {
  output_file_uri: text,
  video_uri: text,
  uri: text,
  file_name: text,
  file_id: text,
})

/** The body of a delivery: `type` and an object `data` are required, everything else is optional. */
export const envelopeSchema = z.looseObject({
  type: z.string().check(z.minLength(1), z.maxLength(256)),
  data: z.looseObject({}),
  version: text,
  timestamp: text,
})

/** The `data` of each documented event type, as it is on the wire. Unknown fields are kept. */
export const dataSchemas = {
  'batch.succeeded': resultFields,
  'batch.failed': failureFields,
  'batch.expired': dataFields,
  'batch.cancelled': dataFields,
  'interaction.completed': dataFields,
  'interaction.failed': failureFields,
  'interaction.requires_action': dataFields,
  'interaction.cancelled': dataFields,
  'video.generated': resultFields,
} as const satisfies Record<EventType, z.ZodMiniType>

/** The wire `data` of any event, known or not. */
export const anyDataSchema = dataFields

export type ResultFields = z.infer<typeof resultFields>
export type FailureFields = z.infer<typeof failureFields>
