// The frameworks people use, each with our receiver and with a hand-written handler that does the same work.
import { createNodeHandler } from '@gwh/node'
import { gwhFastify } from '@gwh/node/fastify'
import { serve } from '@hono/node-server'
import express from 'express'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { Webhook } from 'standardwebhooks'
import { SECRET } from '../deliveries.ts'
import { listen, makeReceiver, type StartServer } from './around.ts'
import { createHandWritten } from './by-hand.ts'

const PATH = '/webhooks/gemini'

function makeExpress() {
  const app = express()
  app.disable('etag')
  return app
}

export const onExpress: StartServer = () => {
  const app = makeExpress()
  app.post(PATH, createNodeHandler(makeReceiver()))
  return listen(app)
}

export const expressByHand: StartServer = () => {
  const accept = createHandWritten(() => {})
  const app = makeExpress()
  app.post(PATH, express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
    const status = await accept((name) => request.headers[name] as string, request.body)
    response.status(status).json({ status })
  })
  return listen(app)
}

/** Google's documented sample, repaired just enough to work. It looks for neither duplicates nor a known event. */
export const googleSample: StartServer = () => {
  const webhook = new Webhook(SECRET)
  const app = makeExpress()
  app.post(PATH, express.text({ type: '*/*' }), (request, response) => {
    webhook.verify(request.body, request.headers as Record<string, string>)
    response.send('ok')
  })
  return listen(app)
}

export const onFastify: StartServer = async () => {
  const app = fastify()
  await app.register(gwhFastify, { receiver: makeReceiver(), path: PATH })
  return portOf(await app.listen({ port: 0, host: '127.0.0.1' }))
}

export const fastifyByHand: StartServer = async () => {
  const accept = createHandWritten(() => {})
  const app = fastify()
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.post(PATH, async (request, reply) => {
    const status = await accept((name) => request.headers[name] as string, request.body as Buffer)
    return reply.code(status).send({ status })
  })
  return portOf(await app.listen({ port: 0, host: '127.0.0.1' }))
}

export const onHono: StartServer = () => {
  const receiver = makeReceiver()
  const app = new Hono()
  app.post(PATH, (context) => receiver.fetch(context.req.raw))
  return listenHono(app)
}

export const honoByHand: StartServer = () => {
  const accept = createHandWritten(() => {})
  const app = new Hono()
  app.post(PATH, async (context) => {
    const body = new Uint8Array(await context.req.arrayBuffer())
    const status = await accept((name) => context.req.header(name)!, body)
    return context.json({ status }, status)
  })
  return listenHono(app)
}

function portOf(address: string): number {
  return Number(new URL(address).port)
}

function listenHono({ fetch }: Hono): Promise<number> {
  return new Promise((resolve) => {
    serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port))
  })
}
