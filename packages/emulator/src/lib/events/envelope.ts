import type { DeliveryTrouble } from '../shared/fault-types.ts'

/** Something that happened to a job, before it is turned into bytes. */
export interface EventInput {
  readonly type: string
  readonly data: Record<string, unknown>
  readonly userMetadata?: Record<string, unknown> | undefined
  /** The job the event is about, when it is about one. */
  readonly jobId?: string | undefined
  /** What the job's own deliveries do beyond Google's API. */
  readonly dynamic?: DynamicExtras | undefined
  /** What goes wrong with its deliveries. */
  readonly trouble?: DeliveryTrouble | undefined
}

/** What a job's webhook config may have in the profile `guide`. */
export interface DynamicExtras {
  /** Headers to send with each attempt. */
  readonly requestHeaders?: Readonly<Record<string, string>> | undefined
  /** The statuses after which a delivery is tried again; default all but 2xx. */
  readonly retryOn?: readonly number[] | undefined
}

/**
 * Builds the body of an event: thin, compact JSON (https://ai.google.dev/gemini-api/docs/webhooks).
 *
 * Where Google puts `user_metadata` is not reported: `metadataIn` decides.
 */
export function toBody(event: EventInput, now: number, metadataIn: 'envelope' | 'data'): string {
  const metadata = event.userMetadata && { user_metadata: event.userMetadata }
  const envelope = {
    type: event.type,
    version: 'v1',
    timestamp: toRfc3339(now),
    data: metadataIn === 'data' ? { ...event.data, ...metadata } : event.data,
    ...(metadataIn === 'envelope' && metadata),
  }
  return JSON.stringify(envelope)
}

/** Writes epoch milliseconds the way the API does: UTC, whole seconds. */
export function toRfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
