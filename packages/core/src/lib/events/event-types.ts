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

/** What the `data` of every event of a documented type has: the fields as sent, plus these. */
export interface EventData extends UnknownEventData {
  id: string
}

/** What the `data` of any event has: the fields as sent, plus these. */
export interface UnknownEventData {
  /**
   * The job's resource id in the form the API takes: `batches/…` for batches, as sent for all others; `undefined`
   * where the sender names no job.
   */
  id: string | undefined
  /** Fields as sent, including those this version does not know. */
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
  /** What was given as `user_metadata` when the job was created; `{}` where there was none. */
  userMetadata: Readonly<Record<string, unknown>>
  /** When it happened, RFC 3339, as sent. */
  timestamp: string | undefined
  /** Version of the envelope, as sent. */
  version: string | undefined
  /** The parsed body as received. Events passed to handlers lack the job token, here and in `userMetadata`. */
  raw: Readonly<Record<string, unknown>>
}

/** An event of a documented type that names its job. `id` is the same as `data.id`. */
export type KnownEvent<T extends EventType = EventType> = {
  [Type in T]: EventBase & { type: Type; id: string; data: EventDataByType[Type] }
}[T]

/** An event of a type this version does not know, or one that names no job. */
export type UnknownEvent = EventBase & { type: string & {}; id: string | undefined; data: UnknownEventData }

/** Something that happened to a job. */
export type WebhookEvent = KnownEvent | UnknownEvent

/** Whether a text is one of the documented event types. */
export function isEventType(type: string): type is EventType {
  return (EVENT_TYPES as readonly string[]).includes(type)
}

/**
 * Whether an event is of the given type and names its job, which then types its `data`.
 *
 * @example
 * ```ts
 * if (isEvent(event, 'batch.succeeded')) console.log(event.data.file)
 * ```
 */
export function isEvent<T extends EventType>(event: WebhookEvent, type: T): event is KnownEvent<T> {
  return event.type === type && event.id !== undefined
}
