import { checkNames } from '@gwh/core/adapter'
// With its extension: where Next.js does not bundle this package, Node needs it.
import { after } from 'next/server.js'
import { fromSource, type ReceiverSource } from './source.ts'

/** Options of a route of the app router. */
export interface RouteHandlerOptions {
  /**
   * Queue mode: how long to handle deliveries after the answer, in milliseconds. Keep it below the `maxDuration` of
   * the route. Default 25,000.
   */
  maxDrainMs?: number
}

/**
 * Mounts a receiver on the app router. With a queue, a delivery is answered once it is durable and handled in
 * `after()`; what is interrupted there waits for the next delivery, or for `createCronHandler`.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * // app/webhooks/gemini/route.ts
 * export const { POST } = createRouteHandler(receiver)
 * ```
 */
export function createRouteHandler(source: ReceiverSource, options: RouteHandlerOptions = {}) {
  checkNames(options, ['maxDrainMs'], 'createRouteHandler()')
  const receiver = fromSource(source)
  return {
    POST: async (request: Request): Promise<Response> =>
      await receiver().fetch(request, { ...options, after }),
  }
}
