import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { openUnread, sendRaw, signed, startServer } from './support.ts'

const servers: Awaited<ReturnType<typeof startServer>>[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(...args: Parameters<typeof startServer>) {
  const server = await startServer(...args)
  servers.push(server)
  return server
}

test('a signed delivery is handled and acknowledged', async () => {
  const { url, handled } = await start()
  const response = await fetch(url, await signed())
  expect([response.status, await response.json()]).toEqual([200, { status: 'accepted' }])
  expect(handled).toEqual(['batch.succeeded'])
})

test('the same delivery sent again is a duplicate and is not handled again', async () => {
  const { url, handled } = await start()
  const delivery = await signed()
  await fetch(url, delivery)
  expect(await (await fetch(url, delivery)).json()).toEqual({ status: 'duplicate' })
  expect(handled).toHaveLength(1)
})

test('a body altered on its way is unauthorized', async () => {
  const { url, handled } = await start()
  const response = await fetch(url, { ...(await signed()), body: '{"type":"batch.failed","data":{}}' })
  expect([response.status, await response.json()]).toEqual([401, { error: 'unauthorized' }])
  expect(handled).toEqual([])
})

test('another method is refused, with the allowed one in the answer', async () => {
  const { url } = await start()
  const response = await fetch(url)
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})

test('another path is refused when there is no next handler', async () => {
  const { url } = await start({ path: '/webhooks' })
  expect((await fetch(`${url}/other`, await signed())).status).toBe(404)
  expect((await fetch(`${url}/webhooks?x=1`, await signed())).status).toBe(200)
})

test('a target in the absolute form has the same path', async () => {
  const { port } = await start({ path: '/webhooks' })
  const { headers, body } = await signed()
  const request = head({ ...headers, 'content-length': String(body.length), connection: 'close' })
  const to = (target: string) => request.replace(' / ', ` ${target} `) + body
  expect(await sendRaw(port, to('http://127.0.0.1/other'))).toMatch(/^HTTP\/1\.1 404 /)
  expect(await sendRaw(port, to('HTTP://127.0.0.1/webhooks?x=1'))).toMatch(/^HTTP\/1\.1 200 /)
})

test('another path is passed on to the next handler', async () => {
  const { url } = await start({ path: '/webhooks' }, (handler) => (request, response) => {
    handler(request, response, () => response.end('next'))
  })
  expect(await (await fetch(`${url}/other`)).text()).toBe('next')
})

test('a body of exactly the limit is accepted, one byte more is not', async () => {
  const body = `{"type":"batch.succeeded","data":{"pad":"${'x'.repeat(1000)}"}}`
  const { url } = await start({ maxBodyBytes: body.length })
  expect((await fetch(url, await signed(body))).status).toBe(200)
  expect((await fetch(url, await signed(`${body} `))).status).toBe(413)
})

test('a chunked body that grows past the limit is cut off', async () => {
  const { port } = await start({ maxBodyBytes: 1000 })
  const { headers } = await signed()
  const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
  const answer = await sendRaw(
    port,
    head({ ...headers, 'transfer-encoding': 'chunked' }),
    ...Array(500).fill(chunk),
  )
  expect(answer).toMatch(/^HTTP\/1\.1 413 .*"error":"body_too_large"/s)
})

test('a body that does not arrive in time is refused', async () => {
  const { port } = await start({ bodyTimeoutMs: 20 })
  const { headers } = await signed()
  expect(await sendRaw(port, head({ ...headers, 'content-length': '50' }), '{')).toMatch(/^HTTP\/1\.1 408 /)
})

test('a sender that is still sending when it is refused can read the answer', async () => {
  const refused = Promise.withResolvers<void>()
  const { port } = await start({ bodyTimeoutMs: 20, observer: () => refused.resolve() })
  const { headers } = await signed()
  const sender = openUnread(port)
  await sender.send(`${head({ ...headers, 'content-length': '50' })}{`)
  await refused.promise
  // On a connection that the server has closed, the second fails, and what was not read is gone.
  for (let byte = 0; byte < 3; byte++) {
    await setTimeout(10)
    await sender.send(' ')
  }
  expect(await sender.readAll()).toMatch(/^HTTP\/1\.1 408 .*"error":"body_timeout"/s)
})

test('the server keeps serving when a sender disconnects in the middle of its body', async () => {
  const { url, port } = await start()
  const { headers } = await signed()
  await new Promise<void>((resolve) => {
    import('node:net').then(({ connect }) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(head({ ...headers, 'content-length': '50' }))
        socket.destroy()
        resolve()
      })
    })
  })
  expect((await fetch(url, await signed())).status).toBe(200)
})

test('a header sent twice is refused', async () => {
  const { port } = await start()
  const { headers } = await signed()
  const twice = head(headers).replace(
    '\r\n\r\n',
    '\r\nwebhook-id: msg_other\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
  )
  expect(await sendRaw(port, twice)).toMatch(/^HTTP\/1\.1 400 .*"error":"header_duplicate"/s)
})

test('a header named __proto__ does no harm', async () => {
  const { port, url } = await start()
  const { headers } = await signed()
  const hostile = head({ ...headers, 'content-length': '0', connection: 'close' }).replace(
    '\r\n',
    '\r\n__proto__: x\r\n',
  )
  expect(await sendRaw(port, hostile)).toMatch(/^HTTP\/1\.1 401 /)
  expect((await fetch(url, await signed())).status).toBe(200)
})

test('a body that was parsed to an object is refused as a configuration mistake', async () => {
  const { url, handled } = await start(
    {},
    parsedBefore((text) => ({ body: JSON.parse(text) })),
  )
  const response = await fetch(url, await signed())
  expect([response.status, await response.json()]).toEqual([500, { error: 'raw_body_required' }])
  expect(handled).toEqual([])
})

test('a body that was read and not kept is refused at once', async () => {
  const { url } = await start(
    {},
    parsedBefore(() => ({})),
  )
  const response = await fetch(url, await signed())
  expect([response.status, await response.json()]).toEqual([500, { error: 'raw_body_required' }])
})

test('the bytes kept beside a parsed body are used', async () => {
  const kept = parsedBefore((text) => ({ rawBody: Buffer.from(text), body: JSON.parse(text) }))
  const { url } = await start({}, kept)
  expect((await fetch(url, await signed())).status).toBe(200)
})

test('a body kept as bytes by the framework is used', async () => {
  const { url } = await start(
    {},
    parsedBefore((text) => ({ body: Buffer.from(text) })),
  )
  expect((await fetch(url, await signed())).status).toBe(200)
})

function head(headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST / HTTP/1.1\r\nhost: x\r\n${lines.join('')}\r\n`
}

/** A framework that reads the body before the handler sees the request. */
function parsedBefore(parse: (text: string) => object): Parameters<typeof startServer>[1] {
  return (handler) => async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    Object.assign(request, parse(Buffer.concat(chunks).toString()))
    handler(request, response)
  }
}
