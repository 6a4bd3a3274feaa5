/**
 * The event types Google documents.
 *
 * @see https://ai.google.dev/gemini-api/docs/webhooks
 */
export const EVENT_TYPES = [
  'batch.succeeded',
  'batch.failed',
  'batch.expired',
  'batch.cancelled',
  'interaction.completed',
  'interaction.failed',
  'interaction.requires_action',
  'interaction.cancelled',
  'video.generated',
] as const

/** A documented event type. */
export type EventType = (typeof EVENT_TYPES)[number]

/** What every event's `data` has: the fields as sent, plus these. */
export interface EventData {
  /** The job's resource id in the form the API takes: `batches/…` for batches, as sent for all others. */
  id: string | undefined
  /** Fields as sent, those this version does not know among them. */
  [field: string]: unknown
}

/** Where a result can be fetched. */
export interface ResultPointer {
  /** `files/…` wherever the sender's pointer names a file of the Gemini API, whatever form it came in. */
  file: string | undefined
  /** The pointer as sent: `files/…`, `https://…` or `gs://…`. */
  fileUri: string | undefined
}

/** Why a job failed. */
export interface JobFailure {
  errorCode: string | undefined
  errorMessage: string | undefined
}

/** The `data` of each documented event type. */
export interface EventDataByType {
  'batch.succeeded': EventData & ResultPointer
  'batch.failed': EventData & JobFailure
  'batch.expired': EventData
  'batch.cancelled': EventData
  'interaction.completed': EventData
  'interaction.failed': EventData & JobFailure
  'interaction.requires_action': EventData
  'interaction.cancelled': EventData
  'video.generated': EventData & ResultPointer
}

interface EventBase {
  /** The job the event is about, the same as `data.id`; `undefined` where the sender named none. */
  id: string | undefined
  /** What was given as `user_metadata` when the job was created; `{}` where there was none. */
  userMetadata: Readonly<Record<string, unknown>>
  /** When it happened, RFC 3339, as sent. */
  timestamp: string | undefined
  /** Version of the envelope, as sent. */
  version: string | undefined
  /** The parsed body, untouched. */
  raw: Readonly<Record<string, unknown>>
}

/** An event of a documented type. */
export type KnownEvent<T extends EventType = EventType> = {
  [Type in T]: EventBase & { type: Type; data: EventDataByType[Type] }
}[T]

/** An event of a type this version does not know. */
export type UnknownEvent = EventBase & { type: string & {}; data: EventData }

/** Something that happened to a job. */
export type WebhookEvent = KnownEvent | UnknownEvent

/**
 * Whether an event is of the given type, which then types its `data`.
 *
 * @example
 * ```ts
 * if (isEvent(event, 'batch.succeeded')) console.log(event.data.file)
 * ```
 */
export function isEvent<T extends EventType>(event: WebhookEvent, type: T): event is KnownEvent<T> {
  return event.type === type
}
