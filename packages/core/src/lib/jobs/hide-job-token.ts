import type { WebhookEvent } from '../events/event-types.ts'
import { JOB_TOKEN_FIELD } from './job-token.ts'

/**
 * Removes the job token from an event, `raw` included: whoever reads it can pass other jobs off as ours until it
 * expires, and handlers log their events.
 *
 * Changes the event in place, which must have been parsed for this purpose.
 */
export function hideJobToken(event: WebhookEvent): WebhookEvent {
  const { userMetadata, data, raw } = event
  for (const parent of [raw, raw.data, data]) {
    const { user_metadata, userMetadata } = Object(parent) as Record<string, unknown>
    remove(user_metadata)
    remove(userMetadata)
  }
  remove(userMetadata)
  return event
}

function remove(metadata: unknown): void {
  if (typeof metadata === 'object' && metadata !== null) Reflect.deleteProperty(metadata, JOB_TOKEN_FIELD)
}
