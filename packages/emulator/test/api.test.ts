import { expect, test } from 'vitest'
import { call, createTestEmulator, startEmulator, startReceiver } from './support.ts'

const json = { 'content-type': 'application/json' }
const batchOf = (batch: unknown) => ['POST', '/v1/models/m:batchGenerateContent', { batch }] as const

test('webhooks and interactions answer faults with a string code and no status', async () => {
  const emulator = createTestEmulator()
  const webhook = { uri: 'https://a.example/', subscribed_events: ['batch.succeeded'] }
  const config = { uris: ['https://a.example/'] }
  const cases = [
    ['POST', '/v1/webhooks', { ...webhook, uri: 'ftp://a.example/' }],
    ['POST', '/v1/webhooks', { ...webhook, uri: undefined }],
    ['POST', '/v1/webhooks', { ...webhook, uri: 'https://user:secret@a.example/' }],
    ['POST', '/v1/webhooks', { ...webhook, subscribed_events: [] }],
    ['POST', '/v1/webhooks', { ...webhook, name: 7 }],
    ['POST', '/v1/webhooks', '{'],
    ['POST', '/v1/webhooks', '[]'],
    ['GET', '/v1/webhooks?page_size=-1', undefined],
    ['GET', '/v1/webhooks?page_token=zzz', undefined],
    ['POST', '/v1beta/interactions', { model: 'm', input: 'x', webhook_config: config }],
    ['POST', '/v1beta/interactions', { model: 'm', background: true }],
    ['POST', '/v1beta/interactions', { input: 'x', background: true }],
    ['POST', '/v1/interactions', { model: 'm', input: 'x', background: true, webhook_config: { uris: 'x' } }],
  ] as const
  for (const [method, path, body] of cases) {
    const answer = await call(emulator, method, path, body)
    expect([path, body, answer.status]).toEqual([path, body, 400])
    expect(answer.body).toEqual({ error: { code: 'invalid_request', message: expect.any(String) } })
  }
})

test('batches and unknown paths answer faults as google.rpc.Status', async () => {
  const emulator = createTestEmulator()
  const cases = [
    [...batchOf(undefined), 400],
    [...batchOf({ inputConfig: { requests: { requests: [] } } }), 400],
    [...batchOf({ inputConfig: { requests: { requests: [{}] } } }), 400],
    [...batchOf({ inputConfig: { fileName: 'files/x' } }), 400],
    ['GET', '/v1/batches/none', undefined, 404],
    ['POST', '/v1/models/m:unknown', {}, 404],
    ['GET', '/v1/nothing', undefined, 404],
  ] as const
  for (const [method, path, body, status] of cases) {
    const answer = await call(emulator, method, path, body)
    const word = status === 404 ? 'NOT_FOUND' : 'INVALID_ARGUMENT'
    expect([path, answer.status]).toEqual([path, status])
    expect(answer.body).toEqual({ error: { code: status, message: expect.any(String), status: word } })
  }
})

test('a camelCase field of a webhook is refused with the name it should have', async () => {
  const body = { uri: 'https://a.example/', subscribedEvents: ['batch.succeeded'] }
  const answer = await call(createTestEmulator(), 'POST', '/v1/webhooks', body)
  expect(answer.body.error.message).toBe(
    "Unknown parameter 'subscribedEvents'. Did you mean 'subscribed_events'?",
  )
})

test('an unknown event type is refused with the list of known ones', async () => {
  const body = { uri: 'https://a.example/', subscribed_events: ['batch.exploded'] }
  const answer = await call(createTestEmulator({ strict: true }), 'POST', '/v1/webhooks', body)
  expect(answer.body.error.message.match(/'[a-z]+\.[a-z_]+'/g)).toHaveLength(8)
})

test('a request without an API key is refused in the envelope of its surface', async () => {
  const emulator = createTestEmulator()
  const webhooks = await call(emulator, 'GET', '/v1/webhooks', undefined, {})
  const batches = await call(emulator, 'GET', '/v1/batches', undefined, {})
  expect([webhooks.status, webhooks.body.error.code]).toEqual([401, 'unauthenticated'])
  expect([batches.status, batches.body.error.status]).toEqual([403, 'PERMISSION_DENIED'])
})

test('the SDK throws its own errors on refused requests', async () => {
  const { ai } = await startEmulator()
  await expect(ai.webhooks.get('nope')).rejects.toMatchObject({ name: 'NotFoundError', status: 404 })
  const input = { model: 'm', input: 'x', webhook_config: { uris: ['https://a.example/'] } }
  await expect(ai.interactions.create(input)).rejects.toMatchObject({ name: 'BadRequestError', status: 400 })
  await expect(ai.batches.get({ name: 'batches/none' })).rejects.toMatchObject({
    name: 'ApiError',
    status: 404,
  })
})

test('a Host that is not this machine is refused everywhere', async () => {
  const emulator = createTestEmulator()
  for (const host of [
    'evil.example',
    'evil.example:8787',
    'localhost.evil.example',
    'evil-localhost',
    '127.0.0.1.evil.example',
  ]) {
    for (const path of ['/_gwh/health', '/v1/webhooks', '/.well-known/jwks.json']) {
      const response = await emulator.fetch(new Request(`http://${host}${path}`))
      expect([response.status, (await response.json()).error]).toEqual([421, expect.any(Object)])
    }
  }
  for (const host of ['localhost', '127.0.0.1:8787', '[::1]:8787']) {
    expect((await emulator.fetch(new Request(`http://${host}/_gwh/health`))).status).toBe(200)
  }
})

test('the control API refuses other origins and bodies a form could send', async () => {
  const emulator = createTestEmulator()
  const event = { type: 'ping', data: {} }
  const authorization = `Bearer ${emulator.controlToken}`
  const send = (headers: Record<string, string>) =>
    call(emulator, 'POST', '/_gwh/trigger', event, { authorization, ...headers })
  expect((await send({ ...json, origin: 'http://evil.example' })).status).toBe(403)
  expect((await send({ ...json, origin: 'null' })).status).toBe(403)
  expect((await send({ 'content-type': 'text/plain' })).status).toBe(415)
  expect((await send({ ...json, origin: 'http://localhost' })).status).toBe(200)
  expect((await send({ 'content-type': 'application/json; charset=utf-8' })).status).toBe(200)
})

test('the trigger endpoint delivers an invented event and shows it among the deliveries', async () => {
  const { emulator, url } = await startEmulator()
  const receiver = await startReceiver()
  const event = { type: 'video.generated', data: { id: 'v', file_name: 'files/v' }, user_metadata: { a: 1 } }
  const body = JSON.stringify({ ...event, uris: [receiver.url] })
  const headers = { ...json, authorization: `Bearer ${emulator.controlToken}` }
  const response = await fetch(`${url}/_gwh/trigger`, { method: 'POST', headers, body })
  const { webhook_ids: ids } = await response.json()
  await emulator.idle()
  expect(JSON.parse(receiver.received[0]!.body)).toMatchObject(event)
  const { deliveries } = await (await fetch(`${url}/_gwh/deliveries`, { headers })).json()
  expect(deliveries).toMatchObject([
    { webhookId: ids[0], state: 'acked', jobId: 'v', attempts: [{ status: 200 }] },
  ])
})

test('the trigger endpoint refuses what is not an event', async () => {
  const emulator = createTestEmulator()
  for (const body of [{}, { type: 'x' }, { type: '', data: {} }, { type: 'x', data: [] }]) {
    expect((await call(emulator, 'POST', '/_gwh/trigger', body)).status).toBe(400)
    await expect(emulator.trigger(body as never)).rejects.toThrow(TypeError)
  }
  const unknown = { type: 'x', data: {}, uri: 'http://localhost/' }
  expect((await call(emulator, 'POST', '/_gwh/trigger', unknown)).status).toBe(400)
})

test('a mistyped event type is refused with the type that was meant', async () => {
  const emulator = createTestEmulator()
  const data = { id: 'batches/x' }
  const cases = [
    ['batch.suceeded', 'batch.succeeded'],
    ['Batch.Succeeded', 'batch.succeeded'],
    ['interaction_completed', 'interaction.completed'],
    ['video.generate', 'video.generated'],
  ] as const
  for (const [type, meant] of cases) {
    const message = `Unknown event type '${type}'. Did you mean '${meant}'?`
    for (const uris of [undefined, ['http://localhost/']]) {
      const answer = await call(emulator, 'POST', '/_gwh/trigger', { type, data, uris })
      expect([answer.status, answer.body.error.message]).toEqual([400, message])
      await expect(emulator.trigger({ type, data, ...(uris && { uris }) })).rejects.toThrow(message)
    }
  }
  expect(emulator.deliveries()).toEqual([])
})

test('an unknown event type is sent only to receivers that are named', async () => {
  const emulator = createTestEmulator()
  const receiver = await startReceiver()
  const event = { type: 'tuning.succeeded', data: {} }
  const answer = await call(emulator, 'POST', '/_gwh/trigger', event)
  expect([answer.status, answer.body.error.message]).toEqual([
    400,
    expect.stringMatching(
      /^No webhook can subscribe to 'tuning.succeeded'\. Known types: batch\.succeeded, .*uris/,
    ),
  ])
  await call(emulator, 'POST', '/_gwh/trigger', { ...event, uris: [receiver.url] })
  await emulator.idle()
  expect(receiver.received).toHaveLength(1)
})

test('a body beyond 20 MiB is refused', async () => {
  const body = JSON.stringify({ name: 'x'.repeat(20 * 1024 * 1024) })
  expect((await call(createTestEmulator(), 'POST', '/v1/webhooks', body)).status).toBe(413)
})
