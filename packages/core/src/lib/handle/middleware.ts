import type { WebhookEvent } from '../events/event-types.ts'
import type { MaybePromise } from '../shared/maybe-promise.ts'
import { invalid } from '../shared/options.ts'
import type { HandlerContext } from './router.ts'

/**
 * Runs around the handlers of an event. Without a call of `next` the handlers do not run, and the event counts as
 * handled. What it throws, or lets pass from `next`, fails the delivery like an error of a handler.
 */
export type Middleware = (
  event: WebhookEvent,
  context: HandlerContext,
  next: () => Promise<void>,
) => Promise<void>

/** The middleware of a receiver. */
export interface MiddlewareList {
  /**
   * Adds middleware inside those already added. Returns a function that removes it again.
   *
   * @throws WebhookConfigError `option_invalid`
   */
  add(middleware: Middleware): () => void
  /** Runs the middleware, outermost first, around a step. Without middleware it is synchronous if the step is. */
  run(event: WebhookEvent, context: HandlerContext, step: () => MaybePromise<void>): MaybePromise<void>
}

/** Creates an empty list. */
export function createMiddlewareList(): MiddlewareList {
  // Wrapped, so that one function added twice can be removed twice.
  let entries: readonly { middleware: Middleware }[] = []
  return {
    add(middleware) {
      if (typeof middleware !== 'function') throw invalid('middleware must be a function')
      const entry = { middleware }
      entries = [...entries, entry]
      return () => {
        entries = entries.filter((other) => other !== entry)
      }
    },
    run: (event, context, step) =>
      entries.length === 0
        ? step()
        : entries.reduceRight<() => Promise<void>>(
            (next, { middleware }) =>
              async () =>
                await middleware(event, context, next),
            async () => await step(),
          )(),
  }
}
