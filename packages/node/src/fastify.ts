/**
 * Serves a receiver from a Fastify application.
 *
 * @module
 */

export { type GwhFastifyOptions, gwhFastify } from './lib/fastify.ts'
