/** Something that happened to a job, before it is turned into bytes. */
export interface EventInput {
  readonly type: string
  readonly data: Record<string, unknown>
  readonly userMetadata?: Record<string, unknown> | undefined
  /** The job the event is about, when it is about one. */
  readonly jobId?: string | undefined
}

/**
 * Builds the body of an event: thin, compact JSON (https://ai.google.dev/gemini-api/docs/webhooks).
 *
 * Where Google puts `user_metadata` is not reported; here it is beside `data`.
 */
export function toBody(event: EventInput, now: number): string {
  const envelope = {
    type: event.type,
    version: 'v1',
    timestamp: toRfc3339(now),
    data: event.data,
    user_metadata: event.userMetadata,
  }
  return JSON.stringify(envelope)
}

/** Writes epoch milliseconds the way the API does: UTC, whole seconds. */
export function toRfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
