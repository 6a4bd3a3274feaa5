/**
 * The event types and the schemas of their payloads.
 *
 * @module
 */

export { parseEvent } from './lib/events/event.ts'
export type { DataFields, Envelope, FailureFields, ResultFields } from './lib/events/event-fields.ts'
export { anyDataSchema, dataSchemas, envelopeSchema } from './lib/events/event-schemas.ts'
export {
  EVENT_TYPES,
  type EventData,
  type EventDataByType,
  type EventType,
  isEvent,
  type JobFailure,
  type KnownEvent,
  type ResultPointer,
  type UnknownEvent,
  type UnknownEventData,
  type WebhookEvent,
} from './lib/events/event-types.ts'
export { suggestEventType } from './lib/events/suggest-event-type.ts'
