import { readEvent } from '../events/event.ts'
import { isEventType, type WebhookEvent } from '../events/event-types.ts'
import { hideJobToken } from '../jobs/hide-job-token.ts'
import { isRefusal, type Refusal } from '../shared/refusal.ts'
import type { EventWaiters } from './event-waiters.ts'
import type { MiddlewareList } from './middleware.ts'
import type { EventHandler, HandlerContext, Router } from './router.ts'

/** An event and the context of its handlers. */
export interface Dispatch {
  /** The event, without the job token. */
  event: WebhookEvent
  /** The context of its handlers. */
  context: HandlerContext
}

/** Runs the handlers of an event one after the other, until one throws. Resolves to whether anything received it. */
export type Dispatcher = (dispatch: Dispatch) => Promise<boolean>

/** What a dispatcher is built from. */
export interface DispatcherOptions {
  router: Router
  /** The handler of events that match no other. */
  unhandled: () => EventHandler | undefined
  middleware: MiddlewareList
  waiters: EventWaiters
  /** Called for an event that its handlers do not receive because it names no job. */
  warn: (message: string) => void
}

/** Creates a dispatcher. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { router, unhandled, middleware, waiters, warn } = options
  const findHandlers = (event: WebhookEvent) => {
    const found = router.find(event)
    const fallback = unhandled()
    return found.length === 0 && fallback ? [fallback] : found
  }
  return async (dispatch) => {
    const { event, context } = dispatch
    if (event.id === undefined && isEventType(event.type)) {
      warn(
        `the ${event.type} event of ${context.delivery.id} names no job: only handlers of "*" and onUnhandled receive it`,
      )
    }
    const awaited = waiters.seen(event)
    // Middleware that does not call `next` has handled the event itself.
    let handled = true
    await middleware.run(event, context, async () => {
      const handlers = findHandlers(event)
      for (const handler of handlers) {
        // If aborted, the remaining handlers run in another attempt.
        context.signal.throwIfAborted()
        await handler(event, context)
      }
      handled = handlers.length > 0
    })
    return handled || awaited
  }
}

/** Parses a delivery for its handlers and removes the job token. */
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
