import type { WebhookEvent } from '../events/event-types.ts'
import { JOB_TOKEN_FIELD } from './job-token.ts'

/**
 * Removes the job token from an event and its `raw`, because handlers log events, and a leaked token makes other jobs pass
 * as ours until it expires.
 *
 * Modifies the event in place.
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
