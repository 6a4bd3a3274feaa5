import { readEvent } from '../events/event.ts'
import { isEventType, type WebhookEvent } from '../events/event-types.ts'
import { hideJobToken } from '../jobs/hide-job-token.ts'
import { fromOthers, type MaybePromise, mapMaybe } from '../shared/maybe-promise.ts'
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

/**
 * Runs the handlers of an event one after the other, until one throws. Returns whether anything received it, or a promise
 * of it if a handler or middleware is asynchronous.
 */
export type Dispatcher = (dispatch: Dispatch) => MaybePromise<boolean>

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
  return ({ event, context }) => {
    if (event.id === undefined && isEventType(event.type)) {
      warn(
        `the ${event.type} event of ${context.delivery.id} names no job: only handlers of "*" and onUnhandled receive it`,
      )
    }
    const awaited = waiters.seen(event)
    // Middleware that does not call `next` has handled the event itself.
    let handled = true
    const done = middleware.run(event, context, () => {
      const handlers = findHandlers(event)
      handled = handlers.length > 0
      return runHandlers(handlers, 0, event, context)
    })
    return mapMaybe(done, () => handled || awaited)
  }
}

/** Runs handlers one after the other, beginning with one of them. Synchronous if they are. */
function runHandlers(
  handlers: readonly EventHandler[],
  first: number,
  event: WebhookEvent,
  context: HandlerContext,
): MaybePromise<void> {
  for (let index = first; index < handlers.length; index++) {
    // If aborted, the remaining handlers run in another attempt.
    context.signal.throwIfAborted()
    const running = fromOthers(handlers[index]!(event, context))
    if (running instanceof Promise)
      return running.then(() => runHandlers(handlers, index + 1, event, context))
  }
}

/** Parses a delivery for its handlers and removes the job token. */
export function readDispatch(
  delivery: HandlerContext['delivery'] & { body: Uint8Array },
  rest: Omit<HandlerContext, 'delivery'>,
): Dispatch | Refusal {
  const event = readEvent(delivery.body)
  if (isRefusal(event)) return event
  return { event: hideJobToken(event), context: { ...rest, delivery: toAbout(delivery) } }
}

function toAbout({
  id,
  timestamp,
  scheme,
  keyId,
  jwt,
}: HandlerContext['delivery']): HandlerContext['delivery'] {
  const about: HandlerContext['delivery'] = { id, timestamp, scheme }
  if (keyId !== undefined) about.keyId = keyId
  if (jwt) about.jwt = jwt
  return about
}
