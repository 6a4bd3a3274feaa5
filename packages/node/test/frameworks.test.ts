import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { http } from '@google-cloud/functions-framework'
import { getTestServer } from '@google-cloud/functions-framework/testing'
import { createReceiver, type ReceiverSignal } from '@gwh/core'
import { createNodeHandler } from '@gwh/node'
import connect from 'connect'
import express from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import { SECRET, sendRaw, signed } from './support.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Starts the app of a framework on a free port. */
async function start(
  app: Parameters<typeof createServer>[1] | Server,
): Promise<{ url: string; port: number }> {
  const server = typeof app === 'object' && 'listen' in app ? app : createServer(app)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port }
}

/** A receiver, and what it handled and refused. */
function createWatched() {
  const handled: string[] = []
  const signals: ReceiverSignal[] = []
  const receiver = createReceiver({ static: { secrets: SECRET }, observer: (signal) => signals.push(signal) })
  receiver.on('*', (event) => void handled.push(event.type))
  const refusals = () => signals.flatMap((signal) => (signal.type === 'refused' ? [signal.message] : []))
  return { receiver, handled, refusals }
}

// Spaces and an escape that serialising again would not bring back.
const BODY = '{ "type": "batch.succeeded", "data": { "id": "b\\u003d" } }'
const asJson = async () => {
  const delivery = await signed(BODY)
  return { ...delivery, headers: { ...delivery.headers, 'content-type': 'application/json' } }
}

describe('Express', () => {
  test('gives the receiver its path in front of a parser, and keeps the others', async () => {
    const { receiver, handled } = createWatched()
    const app = express()
    app.use(createNodeHandler(receiver, { path: '/webhooks/gemini' }))
    app.use(express.json())
    app.post('/other', (request, response) => void response.json({ parsed: request.body.type }))
    const { url } = await start(app)
    expect((await fetch(`${url}/webhooks/gemini?x=1`, await asJson())).status).toBe(200)
    expect(await (await fetch(`${url}/other`, await asJson())).json()).toEqual({ parsed: 'batch.succeeded' })
    expect(handled).toEqual(['batch.succeeded'])
  })

  test('knows the path below a mount point, in a router', async () => {
    const { receiver } = createWatched()
    const router = express.Router()
    router.use(createNodeHandler(receiver, { path: '/webhooks/gemini' }))
    const { url } = await start(express().use('/webhooks', router))
    expect((await fetch(`${url}/webhooks/gemini`, await asJson())).status).toBe(200)
    expect((await fetch(`${url}/webhooks/other`, await asJson())).status).toBe(404)
  })

  test('with express.raw() passes on the bytes', async () => {
    const { receiver } = createWatched()
    const { url } = await start(express().use(express.raw({ type: '*/*' }), createNodeHandler(receiver)))
    expect((await fetch(url, await asJson())).status).toBe(200)
  })

  test('with express.json() in front, reports once which line to change', async () => {
    const { receiver, handled, refusals } = createWatched()
    const { url } = await start(express().use(express.json(), createNodeHandler(receiver)))
    for (const _ of [1, 2, 3]) {
      const response = await fetch(url, await asJson())
      expect([response.status, await response.json()]).toEqual([500, { error: 'raw_body_required' }])
    }
    expect(refusals()).toEqual([
      "the body was parsed before it reached the receiver. Express: write app.use(createNodeHandler(receiver, { path })) above app.use(express.json()), or parse this path with app.use(path, express.raw({ type: '*/*' })) above it",
    ])
    expect(handled).toEqual([])
  })
})

describe('Connect', () => {
  test('gives the receiver its path and passes on the rest', async () => {
    const { receiver } = createWatched()
    const app = connect()
    app.use(createNodeHandler(receiver, { path: '/webhooks/gemini' }))
    app.use((_request, response) => response.end('next'))
    const { url } = await start(app)
    expect((await fetch(`${url}/webhooks/gemini`, await asJson())).status).toBe(200)
    expect(await (await fetch(url)).text()).toBe('next')
  })

  test('with a parser in front, reports which line to change', async () => {
    const { receiver, refusals } = createWatched()
    const app = connect().use(express.json()).use(createNodeHandler(receiver))
    const { url } = await start(app)
    expect((await fetch(url, await asJson())).status).toBe(500)
    expect(refusals()).toEqual([expect.stringMatching(/ Connect: .*above app\.use\(bodyParser\.json\(\)\)$/)])
  })
})

describe('functions-framework', () => {
  test('parses first and keeps the bytes: they are what is verified', async () => {
    const { receiver, handled } = createWatched()
    http('gemini', createNodeHandler(receiver))
    const { url } = await start(getTestServer('gemini'))
    const altered = { ...(await asJson()), body: BODY.replace('\\u003d', '=') }
    expect((await fetch(url, await asJson())).status).toBe(200)
    expect((await fetch(url, altered)).status).toBe(401)
    expect(handled).toEqual(['batch.succeeded'])
  })

  test('reports that the bytes were lost', async () => {
    const { receiver, refusals } = createWatched()
    const handler = createNodeHandler(receiver)
    http('lossy', (request, response) => {
      delete request.rawBody
      handler(request, response)
    })
    const { url } = await start(getTestServer('lossy'))
    expect((await fetch(url, await asJson())).status).toBe(500)
    expect(refusals()).toEqual([expect.stringMatching(/ Cloud Functions: .*req\.rawBody/)])
  })
})

describe('a request that', () => {
  /** What a framework would put on the request before handing it on. */
  const with_ = (marks: object) => async (receiver: Parameters<typeof createNodeHandler>[0]) => {
    const handler = createNodeHandler(receiver)
    return await start(async (request, response) => {
      for await (const _ of request);
      handler(Object.assign(request, marks), response)
    })
  }

  test.each([
    ['Next.js parsed', { previewData: false, body: {} }, /parsed .* Next\.js.*: export const config = /],
    ['Fastify has read', { log: {}, id: 1 }, /read and not kept .* Fastify: await app\.register\(gwhFastify/],
    ['other code has read', {}, /read and not kept .* Express: .* Fastify: .* Firebase, NestJS: /],
  ])('%s names its fix', async (_, marks, advice) => {
    const { receiver, refusals } = createWatched()
    const { url } = await with_(marks)(receiver)
    expect((await fetch(url, await asJson())).status).toBe(500)
    expect(refusals()).toEqual([expect.stringMatching(advice)])
  })

  test('has a header twice is refused even if the joined value would be valid', async () => {
    const { receiver, refusals } = createWatched()
    const { port } = await start(createNodeHandler(receiver))
    const { headers } = await signed()
    const signature = headers['webhook-signature']
    const lines = { ...headers, host: 'x', 'content-length': '0', 'webhook-signature': 'v1' }
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
    const twice = `POST / HTTP/1.1\r\n${head.join('')}Webhook-Signature: ${signature}\r\nconnection: close\r\n\r\n`
    expect(await sendRaw(port, twice)).toMatch(/^HTTP\/1\.1 400 .*"error":"header_duplicate"/s)
    expect(refusals()).toEqual(['webhook-signature was sent more than once'])
  })
})

test('an unknown option is refused', () => {
  const { receiver } = createWatched()
  expect(() => createNodeHandler(receiver, { pfad: '/a' } as object)).toThrow(
    expect.objectContaining({ code: 'option_invalid' }),
  )
})
