// The frameworks people use, each with our receiver and with a hand-written handler that does the same work.
import { createNodeHandler } from '@gwh/node'
import { gwhFastify } from '@gwh/node/fastify'
import { serve } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { Webhook } from 'standardwebhooks'
import { SECRET } from '../deliveries.ts'
import { listen, makeReceiver } from './around.ts'
import { createHandWritten } from './by-hand.ts'

const PATH = '/webhooks/gemini'
function makeExpress() {
  const app = express()
  app.disable('etag')
  return app
}
export const onExpress = () => {
  const app = makeExpress()
  app.post(PATH, createNodeHandler(makeReceiver()))
  return listen(app)
}
export const expressByHand = () => {
  const accept = createHandWritten(() => {})
  const app = makeExpress()
  app.post(PATH, express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
    const status = await accept((name) => request.headers[name], request.body)
    response.status(status).json({ status })
  })
  return listen(app)
}
/** Google's documented sample, repaired just enough to work. It looks for neither duplicates nor a known event. */
export const googleSample = () => {
  const webhook = new Webhook(SECRET)
  const app = makeExpress()
  app.post(PATH, express.text({ type: '*/*' }), (request, response) => {
    webhook.verify(request.body, request.headers)
    response.send('ok')
  })
  return listen(app)
}
export const onFastify = async () => {
  const app = fastify()
  await app.register(gwhFastify, { receiver: makeReceiver(), path: PATH })
  return portOf(await app.listen({ port: 0, host: '127.0.0.1' }))
}
export const fastifyByHand = async () => {
  const accept = createHandWritten(() => {})
  const app = fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post(PATH, async (request, reply) => {
    const status = await accept((name) => request.headers[name], request.body)
    return reply.code(status).send({ status })
  })
  return portOf(await app.listen({ port: 0, host: '127.0.0.1' }))
}
export const onHono = () => {
  const receiver = makeReceiver()
  const app = new Hono()
  app.post(PATH, (context) => receiver.fetch(context.req.raw))
  return listenHono(app)
}
export const honoByHand = () => {
  const accept = createHandWritten(() => {})
  const app = new Hono()
  app.post(PATH, async (context) => {
    const body = new Uint8Array(await context.req.arrayBuffer())
    const status = await accept((name) => context.req.header(name), body)
    return context.json({ status }, status)
  })
  return listenHono(app)
}
function portOf(address) {
  return Number(new URL(address).port)
}
function listenHono({ fetch }) {
  return new Promise((resolve) => {
    serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port))
  })
}
