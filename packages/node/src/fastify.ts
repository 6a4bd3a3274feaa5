export { type GwhFastifyOptions, gwhFastify } from './lib/fastify.ts'
