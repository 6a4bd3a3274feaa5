import { readFileSync } from 'node:fs'
import { createMemoryQueue } from '@gwh/core/queue'
import { expect, test } from 'vitest'
import { call, createTestEmulator, deadUrl, register, startEmulator, startReceiver } from './support.ts'

const EVENT = { type: 'batch.succeeded', data: { id: 'batches/x' } }

/** An emulator whose webhook has got one delivery. */
async function withDelivery(reply?: Parameters<typeof startReceiver>[0]) {
  const receiver = await startReceiver(reply)
  const emulator = createTestEmulator()
  const { id, secret } = await register(emulator, receiver.url)
  const { webhookIds } = await emulator.trigger(EVENT)
  await emulator.idle()
  return { emulator, receiver, webhookId: webhookIds[0]!, registrationId: id, secret }
}

const signatureOf = (webhookId: string, attempt = 1) =>
  `/_gwh/deliveries/${webhookId}/attempts/${attempt}/signature`

test('a ticket of a one-time URL opens one session, whose token the control API accepts', async () => {
  const { emulator, url } = await startEmulator()
  const inspectorUrl = new URL(await emulator.inspectorUrl())
  expect(inspectorUrl.origin).toBe(url)
  expect(inspectorUrl.search).toBe('')
  const ticket = inspectorUrl.hash.slice('#ticket='.length)
  const json = { 'content-type': 'application/json' }
  const opened = await call(emulator, 'POST', '/_gwh/session', { ticket }, json)
  expect(opened.status).toBe(200)
  const headers = { authorization: `Bearer ${opened.body.token}` }
  expect((await call(emulator, 'GET', '/_gwh/jobs', undefined, headers)).status).toBe(200)
  // The second use, and a ticket taken for a token.
  expect((await call(emulator, 'POST', '/_gwh/session', { ticket }, json)).status).toBe(401)
  const asToken = { authorization: `Bearer ${ticket}` }
  expect((await call(emulator, 'GET', '/_gwh/jobs', undefined, asToken)).status).toBe(401)
})

test('a session is opened neither by another origin, nor by a form, nor without a ticket', async () => {
  const { emulator } = await startEmulator()
  const ticket = (await emulator.inspectorUrl()).split('#ticket=')[1]
  const json = { 'content-type': 'application/json' }
  const open = (body: unknown, headers: Record<string, string>) =>
    call(emulator, 'POST', '/_gwh/session', body, headers).then(({ status }) => status)
  expect(await open({ ticket }, { ...json, origin: 'https://evil.example' })).toBe(403)
  expect(await open({ ticket }, { 'content-type': 'text/plain' })).toBe(415)
  expect(await open({}, json)).toBe(401)
  expect(await open({ ticket: ['x'] }, json)).toBe(401)
  expect(await open({ ticket }, json)).toBe(200)
})

test('a client with the control token makes further tickets, and nobody else', async () => {
  const emulator = createTestEmulator()
  const json = { 'content-type': 'application/json' }
  const { body } = await call(emulator, 'POST', '/_gwh/tickets', {})
  expect((await call(emulator, 'POST', '/_gwh/session', { ticket: body.ticket }, json)).status).toBe(200)
  expect((await call(emulator, 'POST', '/_gwh/tickets', {}, json)).status).toBe(401)
})

test('an emulator that does not listen has no URL for the page', async () => {
  await expect(createTestEmulator().inspectorUrl()).rejects.toMatchObject({ code: 'not_listening' })
})

test('the page is served at / under a strict policy, and to this machine only', async () => {
  const emulator = createTestEmulator()
  const response = await emulator.fetch(new Request('http://localhost/'))
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.text()).not.toContain(emulator.controlToken)
  expect((await emulator.fetch(new Request('http://evil.example/'))).status).toBe(421)
})

test('deliveries are searched by state, type, job and text, newest first', async () => {
  const { emulator, webhookId } = await withDelivery()
  const uris = [await deadUrl()]
  await emulator.trigger({ type: 'video.generated', data: { id: 'v1', note: 'Needle' }, uris })
  await emulator.idle()
  const search = async (query: string) =>
    (await call(emulator, 'GET', `/_gwh/deliveries/search?${query}`)).body
  const all = await search('')
  expect(all).toMatchObject({ total: 2, matching: 2 })
  expect(all.deliveries.map(({ eventType }: { eventType: string }) => eventType)).toEqual([
    'video.generated',
    'batch.succeeded',
  ])
  expect(all.deliveries[1]).toMatchObject({ webhookId, state: 'acked', attempts: 1, status: 200 })
  expect(all.deliveries[0]).toMatchObject({ state: 'pending', code: 'connection_failed', isRunning: false })
  expect(await search('q=nEEDLE')).toMatchObject({ matching: 1, total: 2 })
  expect(await search('state=acked')).toMatchObject({ matching: 1 })
  expect(await search('type=video.generated&state=acked')).toMatchObject({ matching: 0 })
  expect(await search('job=batches/x')).toMatchObject({ matching: 1 })
  expect((await search('limit=1')).deliveries).toHaveLength(1)
})

test('a delivery is shown with the headers of each attempt', async () => {
  const { emulator, webhookId, receiver } = await withDelivery()
  const { body } = await call(emulator, 'GET', `/_gwh/deliveries/${webhookId}`)
  const { headers } = body.attempts[0]
  expect(receiver.received[0]!.headers).toMatchObject(headers)
  expect(headers['webhook-signature']).toMatch(/^v1,/)
  expect((await call(emulator, 'GET', '/_gwh/deliveries/msg_none')).status).toBe(404)
})

test('a static signature is walked through without showing the secret', async () => {
  const { emulator, webhookId, secret, receiver } = await withDelivery()
  const { body } = await call(emulator, 'GET', signatureOf(webhookId))
  const seen = receiver.received[0]!.headers['webhook-signature']
  expect(body).toMatchObject({ isValid: true, ageSeconds: 0, expected: [{ signature: seen }] })
  expect(body.seen).toEqual([{ version: 'v1', seen, key: `whsec_...${secret.slice(-4)}`, matches: true }])
  expect(body.signedContent).toBe(
    `${webhookId}.${receiver.received[0]!.headers['webhook-timestamp']}.${receiver.received[0]!.body}`,
  )
  expect(JSON.stringify(body)).not.toContain(secret)
})

test.each([
  ['wrong_signature', 'No current key makes this signature'],
  ['unknown_key', 'No current key makes this signature'],
  ['stale_timestamp', 'refuses it as a replay'],
  ['tampered_body', 'the body was changed on its way'],
  ['reserialized_body', 'the body was changed on its way'],
] as const)('the walk through a signature with the fault %s says what is wrong', async (fault, words) => {
  const receiver = await startReceiver()
  for (const scheme of ['static', 'dynamic'] as const) {
    const emulator = createTestEmulator()
    await register(emulator, receiver.url)
    emulator.faults.add({ fault })
    const uris = scheme === 'dynamic' ? { uris: [receiver.url] } : {}
    const { webhookIds } = await emulator.trigger({ ...EVENT, ...uris })
    await emulator.idle()
    const { body } = await call(emulator, 'GET', signatureOf(webhookIds[0]!))
    expect(body).toMatchObject({ scheme, isValid: false, verdict: expect.stringContaining(words) })
  }
})

test('a dynamic signature names the key of the JWKS that made it', async () => {
  const receiver = await startReceiver()
  const emulator = createTestEmulator()
  const { webhookIds } = await emulator.trigger({ ...EVENT, uris: [receiver.url] })
  await emulator.idle()
  const { body } = await call(emulator, 'GET', signatureOf(webhookIds[0]!))
  const jwks = await call(emulator, 'GET', '/.well-known/jwks.json')
  const kids = jwks.body.keys.map(({ kid }: { kid: string }) => kid)
  expect(body.isValid).toBe(true)
  expect(body.expected.map(({ key }: { key: string }) => key)).toEqual(kids)
  expect(kids).toContain(body.seen[0].key)
})

test('an attempt that was never made has no signature', async () => {
  const { emulator, webhookId } = await withDelivery()
  for (const attempt of ['2', '0', 'x']) {
    const path = `/_gwh/deliveries/${webhookId}/attempts/${attempt}/signature`
    expect((await call(emulator, 'GET', path)).status).toBe(404)
  }
})

test('a copy of the request is signed for now, and a receiver accepts it', async () => {
  const { emulator, webhookId, receiver } = await withDelivery()
  await emulator.clock.advance(3_600_000)
  const { body } = await call(emulator, 'GET', `/_gwh/deliveries/${webhookId}/request`)
  expect(body.uri).toBe(receiver.url)
  expect(body.body).toBe(receiver.received[0]!.body)
  expect(Number(body.headers['webhook-timestamp'])).toBe(Math.floor(emulator.clock.now() / 1000))
  expect(body.headers['webhook-signature']).not.toBe(receiver.received[0]!.headers['webhook-signature'])
})

test('a copy of the request has the form that the README shows and `gwh verify` reads', async () => {
  const { emulator, webhookId } = await withDelivery()
  const { body } = await call(emulator, 'GET', `/_gwh/deliveries/${webhookId}/request`)
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const shown = JSON.parse(/```json\n(\{\n {2}"uri"[\s\S]*?)\n```/.exec(readme)![1]!)
  expect(Object.keys(body)).toEqual(Object.keys(shown))
  expect(Object.keys(body.headers)).toEqual(Object.keys(shown.headers))
  expect(
    [body.uri, body.body, ...Object.values(body.headers)].every((value) => typeof value === 'string'),
  ).toBe(true)
})

test('a delivery is written as a test, once it has ended', async () => {
  const { emulator, webhookId } = await withDelivery()
  const { body } = await call(emulator, 'GET', `/_gwh/deliveries/${webhookId}/test`)
  expect(body.text).toContain('what was recorded: 1 delivery')
  const { webhookIds } = await emulator.trigger({ ...EVENT, uris: [await deadUrl()] })
  const pending = await call(emulator, 'GET', `/_gwh/deliveries/${webhookIds[0]}/test`)
  expect(pending).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringContaining('ended') } },
  })
})

test('an edited event goes to the same endpoint as a new delivery', async () => {
  const { emulator, webhookId, receiver } = await withDelivery()
  const edited = { type: 'batch.failed', data: { id: 'batches/y' }, user_metadata: { a: 1 } }
  const { status, body } = await call(emulator, 'POST', `/_gwh/deliveries/${webhookId}/resend`, edited)
  expect(status).toBe(200)
  expect(body.webhookId).not.toBe(webhookId)
  await emulator.idle()
  expect(JSON.parse(receiver.received[1]!.body)).toMatchObject(edited)
  const wrong = await call(emulator, 'POST', `/_gwh/deliveries/${webhookId}/resend`, { type: 'x' })
  expect(wrong.status).toBe(400)
  expect((await call(emulator, 'POST', '/_gwh/deliveries/none/resend', edited)).status).toBe(404)
})

test('a job is shown with what it was asked and what it answered', async () => {
  const { emulator, ai } = await startEmulator()
  const contents = [{ role: 'user', parts: [{ text: 'Why is the sky blue?' }] }]
  const batch = await ai.batches.create({ model: 'gemini-3.8-flash', src: [{ contents }] })
  const path = `/_gwh/jobs/${batch.name}`
  expect((await call(emulator, 'GET', path)).body).not.toHaveProperty('result')
  await emulator.finish(batch)
  const { body } = await call(emulator, 'GET', path)
  expect(body.input).toContain('Why is the sky blue?')
  expect(body.result).toContain('Echo')
  expect((await call(emulator, 'GET', '/_gwh/jobs/batches/none')).status).toBe(404)
})

test('the queue of the options is reached through the control API', async () => {
  const queue = createMemoryQueue()
  const emulator = createTestEmulator({ queue })
  const body = new TextEncoder().encode(JSON.stringify({ ...EVENT, timestamp: '2026-01-01T00:00:00Z' }))
  const message = {
    key: 'k',
    endpoint: 'default',
    id: 'msg_1',
    timestamp: 0,
    scheme: 'static',
    receivedAt: 0,
    body,
  } as const
  await queue.enqueue(message)
  expect((await call(emulator, 'GET', '/_gwh/about')).body).toMatchObject({ hasQueue: true })
  expect((await call(emulator, 'GET', '/_gwh/queue/counts')).body).toMatchObject({ pending: 1 })
  const redriven = await call(emulator, 'POST', '/_gwh/queue/redrive', { target: 'all' })
  expect(redriven).toMatchObject({ status: 200, body: { count: 0 } })
  expect((await call(emulator, 'GET', '/_gwh/queue/counts', undefined, {})).status).toBe(401)
  const without = createTestEmulator()
  expect((await call(without, 'GET', '/_gwh/about')).body).toMatchObject({ hasQueue: false })
  expect((await call(without, 'GET', '/_gwh/queue/counts')).status).toBe(404)
})
