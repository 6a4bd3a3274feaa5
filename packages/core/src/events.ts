/**
 * The event types and the schemas of their payloads.
 *
 * @module
 */

export { parseEvent } from './lib/events/event.ts'
export {
  anyDataSchema,
  type DataFields,
  dataSchemas,
  type Envelope,
  envelopeSchema,
  type FailureFields,
  type ResultFields,
} from './lib/events/event-schemas.ts'
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
