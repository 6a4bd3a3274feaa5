import { readEvent } from '../events/event.ts'
import { isEventType, type WebhookEvent } from '../events/event-types.ts'
import { hideJobToken } from '../jobs/hide-job-token.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import type { EventHandler, HandlerContext, Router } from './router.ts'

/** An event, and what its handlers get with it. */
export interface Dispatch {
  event: WebhookEvent
  context: HandlerContext
}

/** Runs every handler of an event, one after the other; the first that throws ends it. */
export type Dispatcher = (dispatch: Dispatch) => Promise<void>

/** @param warn Called with what is odd about an event that its handlers do not see */
export function createDispatcher(
  router: Router,
  unhandled: () => EventHandler | undefined,
  warn: (message: string) => void,
): Dispatcher {
  return async ({ event, context }) => {
    if (event.id === undefined && isEventType(event.type)) {
      warn(
        `the ${event.type} event of ${context.delivery.id} names no job: only handlers of "*" and onUnhandled receive it`,
      )
    }
    const handlers = router.find(event)
    const fallback = unhandled()
    if (handlers.length === 0 && fallback) handlers.push(fallback)
    for (const handler of handlers) {
      // Another attempt does what the next handler would have done.
      context.signal.throwIfAborted()
      await handler(event, context)
    }
  }
}

/** Parses a stored or verified delivery for its handlers, without the job token. */
export function readDispatch(
  delivery: HandlerContext['delivery'] & { body: Uint8Array },
  rest: Omit<HandlerContext, 'delivery'>,
): Dispatch | Refusal {
  const event = readEvent(delivery.body)
  if (isRefusal(event)) return event
  const { id, timestamp, scheme, keyId, jwt } = delivery
  const about = { id, timestamp, scheme, ...(keyId !== undefined && { keyId }), ...(jwt && { jwt }) }
  return { event: hideJobToken(event), context: { delivery: about, ...rest } }
}
