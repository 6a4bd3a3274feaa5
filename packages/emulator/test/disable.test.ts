import { expect, test } from 'vitest'
import type { EmulatorOptions, EmulatorSignal } from '../src/index.ts'
import { call, createTestEmulator, register, startReceiver } from './support.ts'

const DAY_MS = 24 * 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

/** An emulator with a webhook whose receiver answers with `status`, which a test can change. */
async function start(options: EmulatorOptions = {}) {
  const answer = { status: 500 }
  const signals: EmulatorSignal[] = []
  const emulator = createTestEmulator({
    random: () => 0.5,
    observer: (signal) => signals.push(signal),
    ...options,
  })
  const receiver = await startReceiver((response) => void response.writeHead(answer.status).end())
  const { id } = await register(emulator, receiver.url)
  const webhook = async () => (await call(emulator, 'GET', `/v1/webhooks/${id}`)).body
  return { emulator, receiver, answer, signals, id, webhook }
}

test('five deliveries given up in a row disable a webhook, and end what is pending', async () => {
  const { emulator, receiver, signals, id, webhook } = await start()
  for (let count = 0; count < 4; count += 1) await emulator.trigger(event)
  await emulator.clock.advance(2 * DAY_MS)
  expect((await webhook()).state).toBe('enabled')
  await emulator.trigger(event)
  await emulator.clock.advance(DAY_MS / 2)
  await emulator.trigger(event)
  await emulator.clock.advance(DAY_MS / 2)
  expect((await webhook()).state).toBe('disabled_due_to_failed_deliveries')
  expect(emulator.deliveries().map(({ state }) => state)).toEqual([...Array(5).fill('exhausted'), 'disabled'])
  expect(signals.filter(({ type }) => type === 'webhook_disabled')).toEqual([
    { type: 'webhook_disabled', at: emulator.clock.now(), registrationId: id, uri: receiver.url },
  ])
  await emulator.trigger(event)
  expect(emulator.deliveries()).toHaveLength(6)
})

test('a delivery that is acknowledged starts the count anew', async () => {
  const { emulator, answer, webhook } = await start({ disableAfter: 2 })
  for (const status of [500, 200, 500]) {
    answer.status = status
    await emulator.trigger(event)
    await emulator.clock.advance(2 * DAY_MS)
  }
  expect((await webhook()).state).toBe('enabled')
  await emulator.trigger(event)
  await emulator.clock.advance(2 * DAY_MS)
  expect((await webhook()).state).toBe('disabled_due_to_failed_deliveries')
})

test('a patch of the state enables a webhook again, with a new count', async () => {
  const { emulator, answer, id, webhook } = await start({ disableAfter: 2 })
  for (let count = 0; count < 2; count += 1) await emulator.trigger(event)
  await emulator.clock.advance(2 * DAY_MS)
  const { body } = await call(emulator, 'PATCH', `/v1/webhooks/${id}`, { state: 'enabled' })
  expect(body.state).toBe('enabled')
  await emulator.trigger(event)
  await emulator.clock.advance(2 * DAY_MS)
  expect((await webhook()).state).toBe('enabled')
  answer.status = 200
  await emulator.trigger(event)
  await emulator.idle()
  expect(emulator.deliveries().at(-1)!.state).toBe('acked')
})

test('a webhook is never disabled with disableAfter 0, nor for a job’s own URIs', async () => {
  const { emulator, receiver, webhook } = await start({ disableAfter: 0 })
  for (let count = 0; count < 20; count += 1) await emulator.trigger(event)
  await emulator.clock.advance(2 * DAY_MS)
  expect((await webhook()).state).toBe('enabled')
  const other = await start({ disableAfter: 1 })
  await other.emulator.trigger({ ...event, uris: [receiver.url] })
  await other.emulator.clock.advance(2 * DAY_MS)
  expect((await other.webhook()).state).toBe('enabled')
})

test('a caller cannot set the state that the emulator sets', async () => {
  const { emulator, id } = await start()
  const { status, body } = await call(emulator, 'PATCH', `/v1/webhooks/${id}`, {
    state: 'disabled_due_to_failed_deliveries',
  })
  expect([status, body.error.message]).toEqual([
    400,
    "The value 'disabled_due_to_failed_deliveries' is not supported for 'state'. Supported values: 'enabled', 'disabled'.",
  ])
})

test('a 410 disables a webhook in the profile standard-webhooks, and is retried otherwise', async () => {
  for (const [profile, state, delivered] of [
    ['standard-webhooks', 'disabled_due_to_failed_deliveries', 'disabled'],
    ['gemini', 'enabled', 'pending'],
  ] as const) {
    const { emulator, receiver, answer, webhook } = await start({ profile })
    answer.status = 410
    await emulator.trigger(event)
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.idle()
    expect((await webhook()).state).toBe(state)
    expect(emulator.deliveries()).toMatchObject([{ state: delivered }, { state: delivered }])
  }
})

test('the oldest deliveries that have ended make room for new ones', async () => {
  const { emulator, answer } = await start({ limits: { deliveries: 3 } })
  const send = async (id: string, status: number) => {
    answer.status = status
    await emulator.trigger({ ...event, data: { id } })
    await emulator.idle()
  }
  await send('a', 500)
  await send('b', 200)
  await send('c', 200)
  await send('d', 500)
  expect(emulator.deliveries().map(({ jobId }) => jobId)).toEqual(['a', 'c', 'd'])
  await send('e', 500)
  expect(emulator.deliveries().map(({ jobId }) => jobId)).toEqual(['a', 'd', 'e'])
  await expect(send('f', 200)).rejects.toThrow(/limits\.deliveries/)
  const { status, body } = await call(emulator, 'POST', '/_gwh/trigger', event)
  expect([status, body.error.code]).toEqual([429, 'limit_exceeded'])
  expect(emulator.deliveries().map(({ jobId }) => jobId)).toEqual(['a', 'd', 'e'])
})

test('a job that ends while all deliveries are pending ends once there is room, and is announced then', async () => {
  const { emulator, receiver, answer, signals } = await start({ limits: { deliveries: 1 } })
  await emulator.trigger(event)
  await emulator.idle()
  const requests = { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] }
  const { body } = await call(emulator, 'POST', '/v1/models/m:batchGenerateContent', {
    batch: { inputConfig: { requests }, webhookConfig: { uris: [receiver.url] } },
  })
  // Its event has no room either, so it is not cancelled.
  expect((await call(emulator, 'POST', `/v1/${body.name}:cancel`, {})).status).toBe(429)
  await emulator.clock.advance(2000)
  const show = async () => (await call(emulator, 'GET', `/v1/${body.name}`)).body
  expect((await show()).done).toBeUndefined()
  expect(signals.at(-1)).toMatchObject({
    type: 'work_failed',
    error: expect.objectContaining({ message: expect.stringContaining('limits.deliveries') }),
  })
  answer.status = 200
  await emulator.clock.advance(60_000)
  expect((await show()).done).toBe(true)
  expect(emulator.deliveries()).toMatchObject([{ jobId: body.name, state: 'acked' }])
})

const inlined = (webhookConfig: object) => ({
  batch: {
    inputConfig: { requests: { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] } },
    webhookConfig,
  },
})

test('the guide’s fields of a webhook config are honoured in its profile', async () => {
  for (const [status, state] of [
    [503, 'pending'],
    [500, 'exhausted'],
  ] as const) {
    const { emulator, receiver, answer } = await start({ profile: 'guide', jobs: { batchMs: 0 } })
    answer.status = status
    await call(
      emulator,
      'POST',
      '/v1/models/m:batchGenerateContent',
      inlined({
        uris: [receiver.url],
        request_headers: { 'x-team': 'blue', 'Content-Type': 'text/plain' },
        status_codes_to_retry_on: [429, 503],
      }),
    )
    await emulator.idle()
    expect(receiver.received[0]!.headers).toMatchObject({
      'x-team': 'blue',
      'content-type': 'application/json',
    })
    expect(emulator.deliveries()).toMatchObject([{ state }])
  }
})

test('the guide’s fields are refused in every other profile, and wrong ones in its own', async () => {
  const refused: [EmulatorOptions['profile'], object, RegExp][] = [
    [
      'gemini',
      { request_headers: { a: 'b' } },
      /Unknown parameter 'request_headers' at 'webhook_config'.*profile: 'guide'/,
    ],
    ['standard-webhooks', { statusCodesToRetryOn: [500] }, /'status_codes_to_retry_on'.*profile: 'guide'/],
    ['guide', { request_headers: { 'webhook-id': 'mine' } }, /cannot have the header 'webhook-id'/],
    ['guide', { request_headers: { a: 'b\r\nc: d' } }, /cannot have the header 'a'/],
    ['guide', { request_headers: 'a: b' }, /request_headers/],
    ['guide', { status_codes_to_retry_on: [5000] }, /must list HTTP statuses/],
  ]
  for (const [profile, config, message] of refused) {
    const emulator = createTestEmulator({ profile: profile! })
    const answer = await call(emulator, 'POST', '/v1/models/m:batchGenerateContent', inlined(config))
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringMatching(message)])
    const interaction = { model: 'm', input: 'x', background: true, webhook_config: config }
    const second = await call(emulator, 'POST', '/v1/interactions', interaction)
    expect([second.status, second.body.error.message]).toEqual([400, expect.stringMatching(message)])
  }
})
