/**
 * Serves a receiver on Node: `node:http`, Express, Connect and functions-framework.
 *
 * @module
 */

export { createNodeHandler, type NodeHandler, type NodeHandlerOptions } from './lib/handler.ts'
export { type RunningServer, type ServeOptions, serve } from './lib/serve.ts'
