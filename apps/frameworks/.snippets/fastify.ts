// fastify.ts
import { gwhFastify } from '@gwh/node/fastify'
import fastify from 'fastify'
import { receiver } from './receiver.ts'

const app = fastify()
await app.register(gwhFastify, { receiver, path: '/webhooks/gemini' })
await app.listen({ port: 3000 })
