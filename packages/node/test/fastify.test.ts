import { createReceiver, type ReceiverOptions } from '@gwh/core'
import { createMemoryQueue } from '@gwh/core/queue'
import { type GwhFastifyOptions, gwhFastify } from '@gwh/node/fastify'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { SECRET, sendRaw, signed } from './support.ts'

/** An app with the plugin beside a route of its own. */
async function start(options: Partial<ReceiverOptions> = {}, mount: Partial<GwhFastifyOptions> = {}) {
  const handled: string[] = []
  const receiver = createReceiver({ static: { secrets: SECRET }, ...options })
  receiver.on('*', (event) => void handled.push(event.type))
  const app = fastify({ bodyLimit: 200 })
  app.post('/other', async (request) => ({ parsed: request.body }))
  await app.register(gwhFastify, { receiver, path: '/webhooks/gemini', ...mount })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url, handled, port: Number(new URL(url).port), [Symbol.asyncDispose]: () => app.close() }
}

const asJson = async (body?: string) => {
  const delivery = await signed(body)
  return { ...delivery, headers: { ...delivery.headers, 'content-type': 'application/json' } }
}

test('the receiver gets its route, and other routes keep their parsers', async () => {
  await using server = await start()
  expect((await fetch(`${server.url}/webhooks/gemini`, await asJson())).status).toBe(200)
  const other = await fetch(`${server.url}/other`, await asJson('{ "a": 1 }'))
  expect(await other.json()).toEqual({ parsed: { a: 1 } })
  expect(server.handled).toEqual(['batch.succeeded'])
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', undefined])(
  'a body sent as %s is read unchanged',
  async (type) => {
    await using server = await start()
    const { headers, ...delivery } = await signed()
    const request = { ...delivery, headers: type ? { ...headers, 'content-type': type } : headers }
    expect((await fetch(`${server.url}/webhooks/gemini`, request)).status).toBe(200)
  },
)

test('the limits of the receiver hold, not those of the app', async () => {
  await using server = await start({ maxBodyBytes: 1000, bodyTimeoutMs: 20 })
  const body = `{"type":"batch.succeeded","data":{"pad":"${'x'.repeat(900)}"}}`
  const url = `${server.url}/webhooks/gemini`
  expect((await fetch(url, await asJson(body))).status).toBe(200)
  expect((await fetch(url, await asJson(body.padEnd(1001)))).status).toBe(413)
  const { headers } = await asJson()
  const lines = Object.entries({ ...headers, host: 'x', 'content-length': '50' }).map(
    ([k, v]) => `${k}: ${v}\r\n`,
  )
  const half = `POST /webhooks/gemini HTTP/1.1\r\n${lines.join('')}\r\n{`
  expect(await sendRaw(server.port, half)).toMatch(/^HTTP\/1\.1 408 /)
})

test('every method but POST is refused, with the allowed one in the answer', async () => {
  await using server = await start()
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const response = await fetch(`${server.url}/webhooks/gemini`, { method })
    expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'POST'])
  }
})

test('the path is below the prefix', async () => {
  await using server = await start({}, { prefix: '/webhooks', path: '/gemini' } as object)
  expect((await fetch(`${server.url}/webhooks/gemini`, await signed())).status).toBe(200)
})

test('a request injected by a test of yours is answered too', async () => {
  await using server = await start()
  const { headers, body } = await asJson()
  const response = await server.app.inject({
    method: 'POST',
    url: '/webhooks/gemini',
    headers,
    payload: body as string,
  })
  expect([response.statusCode, response.json()]).toEqual([200, { status: 'accepted' }])
})

test('with work, closing the app waits for what is being handled', async () => {
  const entered = Promise.withResolvers<void>()
  const leave = Promise.withResolvers<void>()
  const receiver = createReceiver({ static: { secrets: SECRET }, queue: createMemoryQueue() })
  let handled = false
  receiver.on('*', async () => {
    entered.resolve()
    await leave.promise
    handled = true
  })
  const server = await start({}, { receiver, work: true })
  await fetch(`${server.url}/webhooks/gemini`, await signed())
  await entered.promise
  const closed = server.app.close()
  // Longer than an app without running handlers takes to close.
  setTimeout(leave.resolve, 200)
  await closed
  expect(handled).toBe(true)
})

test.each([{ work: true }, { pfad: '/a' }, { path: 'a' }])(
  '%j is refused when the app starts',
  async (wrong) => {
    const receiver = createReceiver({ static: { secrets: SECRET } })
    const app = fastify()
    const registered = async () => {
      await app.register(gwhFastify, { receiver, ...wrong } as GwhFastifyOptions)
      await app.ready()
    }
    await expect(registered()).rejects.toMatchObject({ code: 'option_invalid' })
  },
)
