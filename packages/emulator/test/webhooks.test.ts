import { expect, test } from 'vitest'
import {
  call,
  createTestEmulator,
  deadUrl,
  expectedV1,
  register,
  startEmulator,
  startReceiver,
} from './support.ts'

const HOUR_MS = 3_600_000
const EVENTS = ['batch.succeeded', 'batch.failed'] as const

test('the SDK creates a webhook and sees its secret once', async () => {
  const { ai } = await startEmulator()
  const created = await ai.webhooks.create({
    name: 'mine',
    uri: 'https://app.example/hook',
    subscribed_events: [...EVENTS],
  })
  expect(created).toMatchObject({ name: 'mine', uri: 'https://app.example/hook', state: 'enabled' })
  expect(created.id).toMatch(/^[a-z0-9]{36}$/)
  const secret = created.new_signing_secret!
  expect(Buffer.from(secret.replace('whsec_', ''), 'base64').toString()).toMatch(/^[a-z0-9]{32}$/)
  const got = await ai.webhooks.get(created.id!)
  expect(got.new_signing_secret).toBeUndefined()
  expect(got.signing_secrets).toEqual([{ truncated_secret: `whsec_...${secret.slice(-4)}` }])
})

test('the SDK changes exactly the fields of the body, whatever the mask says', async () => {
  const { ai } = await startEmulator()
  const { id } = await ai.webhooks.create({ uri: 'https://a.example/', subscribed_events: [...EVENTS] })
  await ai.webhooks.update(id!, { update_mask: 'name', uri: 'https://b.example/', state: 'disabled' })
  expect(await ai.webhooks.get(id!)).toMatchObject({
    uri: 'https://b.example/',
    state: 'disabled',
    subscribed_events: EVENTS,
  })
})

test('the SDK pages through webhooks', async () => {
  const { ai } = await startEmulator()
  expect((await ai.webhooks.list()).webhooks).toBeUndefined()
  const ids: string[] = []
  for (const uri of ['https://a.example/', 'https://b.example/', 'https://c.example/']) {
    ids.push((await ai.webhooks.create({ uri, subscribed_events: [...EVENTS] })).id!)
  }
  const first = await ai.webhooks.list({ page_size: 2 })
  const second = await ai.webhooks.list({ page_size: 2, page_token: first.next_page_token! })
  expect([...first.webhooks!, ...second.webhooks!].map((webhook) => webhook.id)).toEqual(ids)
  expect(second.next_page_token).toBeUndefined()
  expect((await ai.webhooks.list({ page_size: 3 })).next_page_token).toBeUndefined()
  expect((await ai.webhooks.list({ page_size: 0 })).webhooks).toHaveLength(3)
})

test('the SDK deletes a webhook, and then it is not found', async () => {
  const { ai } = await startEmulator()
  const { id } = await ai.webhooks.create({ uri: 'https://a.example/', subscribed_events: [...EVENTS] })
  await ai.webhooks.delete(id!)
  await expect(ai.webhooks.get(id!)).rejects.toMatchObject({ status: 404 })
})

test('GOOGLE_GEMINI_BASE_URL points an unmodified client at the emulator', async () => {
  const { GoogleGenAI } = await import('@google/genai')
  const { url, emulator } = await startEmulator()
  const { id } = await register(emulator, 'https://a.example/')
  process.env.GOOGLE_GEMINI_BASE_URL = url
  try {
    expect((await new GoogleGenAI({ apiKey: 'test' }).webhooks.get(id)).id).toBe(id)
  } finally {
    delete process.env.GOOGLE_GEMINI_BASE_URL
  }
})

test('a ping reaches the webhook as a signed event of type ping', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  const webhook = await ai.webhooks.create({ uri: receiver.url, subscribed_events: [...EVENTS] })
  await ai.webhooks.ping(webhook.id!)
  await emulator.idle()
  const [ping] = receiver.received
  expect(JSON.parse(ping!.body)).toMatchObject({ type: 'ping', version: 'v1', data: { id: webhook.id } })
  expect(ping!.headers['webhook-signature']).toBe(expectedV1(ping!, webhook.new_signing_secret!))
})

test('a ping is answered at once even when nobody listens', async () => {
  const { ai, emulator } = await startEmulator()
  const webhook = await ai.webhooks.create({ uri: await deadUrl(), subscribed_events: [...EVENTS] })
  await ai.webhooks.ping(webhook.id!)
  await emulator.idle()
  expect(emulator.deliveries()[0]).toMatchObject({ state: 'pending', attempts: [{ attempt: 1 }] })
})

test('after a rotation both secrets sign for 24 hours, newest first, then one', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  const { id, secret: old } = await register(emulator, receiver.url)
  const fresh = (await ai.webhooks.rotateSigningSecret(id)).secret!
  const { signing_secrets: listed } = await ai.webhooks.get(id)
  expect(listed!.map((secret) => secret.expire_time === undefined)).toEqual([true, false])
  for (const wait of [0, 24 * HOUR_MS - 1, 1]) {
    await emulator.clock.advance(wait)
    await emulator.trigger({ type: 'batch.succeeded', data: { id: 'batches/x' } })
    await emulator.idle()
  }
  const signatures = receiver.received.map((delivery) => delivery.headers['webhook-signature'])
  const expected = receiver.received.map((delivery) => [
    expectedV1(delivery, fresh),
    expectedV1(delivery, old),
  ])
  expect(signatures).toEqual([expected[0]!.join(' '), expected[1]!.join(' '), expected[2]![0]])
})

test('an immediate revocation leaves only the new secret', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  const { id } = await register(emulator, receiver.url)
  const { secret } = await ai.webhooks.rotateSigningSecret(id, {
    revocation_behavior: 'revoke_previous_secrets_immediately',
  })
  await ai.webhooks.ping(id)
  await emulator.idle()
  expect(receiver.received[0]!.headers['webhook-signature']).toBe(expectedV1(receiver.received[0]!, secret!))
})

test("the guide's rotation path and upper-case value work, but not in strict mode", async () => {
  const body = { revocation_behavior: 'REVOKE_PREVIOUS_SECRETS_IMMEDIATELY' }
  for (const strict of [false, true]) {
    const emulator = createTestEmulator({ strict })
    const { id } = await register(emulator, 'https://a.example/')
    const answer = await call(emulator, 'POST', `/v1beta/webhooks/${id}/rotate_secret`, body)
    expect(answer.status).toBe(strict ? 400 : 200)
  }
})

test('cancelled events can be subscribed to, but not in strict mode', async () => {
  const body = { uri: 'https://a.example/', subscribed_events: ['batch.cancelled'] }
  const tolerant = await call(createTestEmulator(), 'POST', '/v1/webhooks', body)
  const strict = await call(createTestEmulator({ strict: true }), 'POST', '/v1/webhooks', body)
  expect([tolerant.status, strict.status]).toEqual([200, 400])
})

test('ten rotations in a day still leave a webhook that can be delivered to', async () => {
  const emulator = createTestEmulator()
  const receiver = await startReceiver()
  const { id } = await register(emulator, receiver.url)
  for (let rotation = 0; rotation < 10; rotation += 1) {
    await call(emulator, 'POST', `/v1/webhooks/${id}:rotateSigningSecret`, {})
  }
  await call(emulator, 'POST', `/v1/webhooks/${id}:ping`)
  await emulator.idle()
  expect(receiver.received[0]!.headers['webhook-signature']!.split(' ')).toHaveLength(8)
})
