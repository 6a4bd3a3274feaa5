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

/** The `data` of an event of a documented type: the fields as sent, plus these. */
export interface EventData extends UnknownEventData {
  /** The job's resource id, as in `UnknownEventData`. */
  id: string
}

/** The `data` of any event: the fields as sent, plus these. */
export interface UnknownEventData {
  /**
   * The job's resource id in the form that the API accepts: `batches/…` for batches, as sent for other jobs; `undefined`
   * if the event names no job.
   */
  id: string | undefined
  /** The fields as sent, including unknown ones. */
  [field: string]: unknown
}

/** Where to fetch a result. */
export interface ResultPointer {
  /** The Gemini API file of the result as `files/…`; `undefined` if the pointer as sent names no such file. */
  file: string | undefined
  /** The pointer as sent: `files/…`, `https://…` or `gs://…`. */
  fileUri: string | undefined
}

/** Why a job failed. */
export interface JobFailure {
  /** The error code as a string. */
  errorCode: string | undefined
  /** The error message as sent. */
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
  /** The `user_metadata` of the job; `{}` if it has none. */
  userMetadata: Readonly<Record<string, unknown>>
  /** When the event happened, in RFC 3339 format, as sent. */
  timestamp: string | undefined
  /** The version of the envelope, as sent. */
  version: string | undefined
  /** The parsed body. In events passed to handlers the job token is removed, here and in `userMetadata`. */
  raw: Readonly<Record<string, unknown>>
}

/** An event of a documented type that names its job. `id` equals `data.id`. */
export type KnownEvent<T extends EventType = EventType> = {
  [Type in T]: EventBase & { type: Type; id: string; data: EventDataByType[Type] }
}[T]

/** An event of an unknown type, or one that names no job. */
export type UnknownEvent = EventBase & { type: string & {}; id: string | undefined; data: UnknownEventData }

/** A webhook event: something that happened to a job. */
export type WebhookEvent = KnownEvent | UnknownEvent

/** Whether a string is a documented event type. */
export function isEventType(type: string): type is EventType {
  return (EVENT_TYPES as readonly string[]).includes(type)
}

/**
 * Whether an event is of the given type and names its job. Narrows the type of its `data`.
 *
 * @example
 * ```ts
 * if (isEvent(event, 'batch.succeeded')) console.log(event.data.file)
 * ```
 */
export function isEvent<T extends EventType>(event: WebhookEvent, type: T): event is KnownEvent<T> {
  return event.type === type && event.id !== undefined
}
