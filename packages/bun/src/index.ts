export { type BunHandler, type BunHandlerOptions, createBunHandler } from './lib/handler.ts'
export { type RunningServer, type ServeOptions, serve } from './lib/serve.ts'
