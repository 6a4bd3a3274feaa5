/**
 * Serves a receiver from Next.js routes.
 *
 * @module
 */

export { type ApiHandler, apiConfig, createApiHandler } from './lib/api-handler.ts'
export { createCronHandler } from './lib/cron-handler.ts'
export { createRouteHandler, type RouteHandlerOptions } from './lib/route-handler.ts'
export type { ReceiverSource } from './lib/source.ts'
