/**
 * Serves a receiver with `Deno.serve`.
 *
 * @module
 */

export {
  createDenoHandler,
  type DenoHandler,
  type DenoHandlerOptions,
  type DenoInfoLike,
} from './lib/handler.ts'
export { type RunningServer, type ServeOptions, serve } from './lib/serve.ts'
