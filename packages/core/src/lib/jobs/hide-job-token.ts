import type { WebhookEvent } from '../events/event-types.ts'

/** The member of `user_metadata` that holds the job token. */
export const JOB_TOKEN_FIELD = 'gwh_job_token'

/**
 * Removes the job token from an event and its `raw`, because handlers log events, and a leaked token makes other jobs pass
 * as ours until it expires.
 *
 * Google does not document where it repeats the metadata, so every member with the token's name is removed, at any depth.
 * A token inside another text is not found. Modifies the event in place.
 */
export function hideJobToken(event: WebhookEvent): WebhookEvent {
  remove(event.raw)
  // A copy of what is in `raw`. The values in it are the same, and so are the metadata.
  removeHere(event.data)
  return event
}

/** Recursive, because parsed events have at most 64 levels. */
function remove(value: object): void {
  removeHere(value)
  for (const name in value) {
    const child = (value as Record<string, unknown>)[name]
    if (typeof child === 'object' && child !== null) remove(child)
  }
}

function removeHere(value: object): void {
  // Deleting makes an object slow, even if there is nothing to delete.
  if (JOB_TOKEN_FIELD in value) Reflect.deleteProperty(value, JOB_TOKEN_FIELD)
}
