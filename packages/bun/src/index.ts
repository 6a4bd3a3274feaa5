/**
 * Serves a receiver with `Bun.serve`.
 *
 * @module
 */

export {
  type BunHandler,
  type BunHandlerOptions,
  type BunServerLike,
  createBunHandler,
} from './lib/handler.ts'
export { type RunningServer, type ServeOptions, serve } from './lib/serve.ts'
