import { expect, test } from 'vitest'
import {
  call,
  createTestEmulator,
  deadUrl,
  expectedV1,
  register,
  startEmulator,
  startReceiver,
  verifyingKids,
} from './support.ts'

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }
/** Draws the middle of every jitter range: the plan itself. */
const noJitter = { random: () => 0.5 }

test('a failing receiver is tried on the schedule, and never after 24 hours', async () => {
  const emulator = createTestEmulator(noJitter)
  const receiver = await startReceiver((response) => void response.writeHead(500).end())
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(72 * HOUR_MS)
  const [delivery] = emulator.deliveries()
  const offsets = delivery!.attempts.map(({ startedAt }) => (startedAt - delivery!.createdAt) / SECOND_MS)
  expect(offsets).toEqual([0, 5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400])
  expect(delivery).toMatchObject({ state: 'exhausted' })
  expect(delivery!.nextAttemptAt).toBeUndefined()
  expect(receiver.received).toHaveLength(12)
})

test('jitter moves each gap by at most a fifth and never past the deadline', async () => {
  for (const [chance, factor] of [
    [0, 0.8],
    [0.999_999, 1.2],
  ] as const) {
    const emulator = createTestEmulator({ random: () => chance })
    const receiver = await startReceiver((response) => void response.writeHead(500).end())
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.clock.advance(72 * HOUR_MS)
    const times = emulator.deliveries()[0]!.attempts.map(({ startedAt }) => startedAt)
    expect(times[1]! - times[0]!).toBeCloseTo(5000 * factor, -1)
    expect(times[2]! - times[1]!).toBeCloseTo(25_000 * factor, -1)
    expect(times.at(-1)! - times[0]!).toBeLessThanOrEqual(24 * HOUR_MS)
  }
})

test('every attempt keeps the id and the body, and is signed anew for its own time', async () => {
  const emulator = createTestEmulator(noJitter)
  const receiver = await startReceiver((response) => void response.writeHead(503).end())
  const { secret } = await register(emulator, receiver.url)
  const start = Math.floor(emulator.clock.now() / SECOND_MS)
  await emulator.trigger(event)
  await emulator.clock.advance(HOUR_MS)
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
  const timestamps = receiver.received.map(({ headers }) => Number(headers['webhook-timestamp']) - start)
  expect(timestamps).toEqual([0, 5, 30, 120, 600, 1800, 3600])
  for (const delivery of receiver.received) {
    expect(delivery.headers['webhook-signature']).toBe(expectedV1(delivery, secret))
  }
})

test('a dynamic delivery carries a valid signature at every attempt', async () => {
  const { emulator, url } = await startEmulator(noJitter)
  const receiver = await startReceiver((response) => void response.writeHead(503).end())
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(60 * SECOND_MS)
  const jwks = await (await fetch(`${url}/.well-known/jwks.json`)).json()
  expect(receiver.received.map((delivery) => verifyingKids(delivery, jwks).length)).toEqual([1, 1, 1])
})

test('every other status is tried again', async () => {
  for (const status of [400, 401, 404, 409, 410, 413, 429, 500, 503, 599]) {
    const emulator = createTestEmulator(noJitter)
    const receiver = await startReceiver((response, _, count) => {
      response.writeHead(count === 1 ? status : 200).end()
    })
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.clock.advance(5 * SECOND_MS)
    const attempts = [{ status, code: 'http_status' }, { status: 200 }]
    expect(emulator.deliveries()[0]).toMatchObject({ state: 'acked', attempts })
  }
})

test('a receiver that does not answer in time fails each attempt on its own deadline', async () => {
  const emulator = createTestEmulator({ ...noJitter, retry: { timeoutMs: 500 } })
  const receiver = await startReceiver((response, _, count) => {
    if (count > 2) response.writeHead(200).end()
  })
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(30 * SECOND_MS)
  const attempts = [{ code: 'timeout' }, { code: 'timeout' }, { status: 200 }]
  expect(emulator.deliveries()[0]).toMatchObject({ state: 'acked', attempts })
})

test('Retry-After stretches a gap to at most twice the plan and never shortens it', async () => {
  const cases = [
    ['0', 5],
    ['7', 7],
    ['99999999999', 10],
    ['120.6', 5],
    ['-1', 5],
    ['1e3', 5],
    ['soon', 5],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 5],
    ['Wed, 21 Oct 2099 07:28:00 GMT', 10],
    ['Wednesday, 21-Oct-99 07:28:00 GMT', 5],
    ['Wed Oct 21 07:28:00 2099', 5],
    [['8', '60'], 8],
    [['soon', '60'], 5],
  ] as const
  for (const [header, seconds] of cases) {
    const emulator = createTestEmulator(noJitter)
    const receiver = await startReceiver((response) => {
      response
        .writeHead(
          503,
          ([header].flat() as string[]).flatMap((value) => ['retry-after', value]),
        )
        .end()
    })
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.idle()
    const [{ createdAt, nextAttemptAt } = { createdAt: 0 }] = emulator.deliveries()
    expect([header, nextAttemptAt! - createdAt]).toEqual([header, seconds * SECOND_MS])
  }
})

test('Retry-After cannot carry a delivery past the deadline', async () => {
  const retry = { scheduleMs: [0, 5000, 9000, 10_000], giveUpAfterMs: 10_000 }
  const emulator = createTestEmulator({ ...noJitter, retry })
  const receiver = await startReceiver(
    (response) => void response.writeHead(503, { 'retry-after': '9' }).end(),
  )
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(HOUR_MS)
  const [delivery] = emulator.deliveries()
  const offsets = delivery!.attempts.map(({ startedAt }) => startedAt - delivery!.createdAt)
  expect(offsets).toEqual([0, 9000, 10_000])
})

test('a schedule that runs past the deadline ends at its last entry before it', async () => {
  const retry = { scheduleMs: [0, 5000, 20_000], giveUpAfterMs: 9000 }
  const emulator = createTestEmulator({ ...noJitter, retry })
  await emulator.trigger({ ...event, uris: [await deadUrl()] })
  await emulator.clock.advance(HOUR_MS)
  expect(emulator.deliveries()).toMatchObject([{ state: 'exhausted', attempts: [{}, {}] }])
})

test('deleting or disabling a webhook ends its retries', async () => {
  for (const [method, body] of [
    ['DELETE', undefined],
    ['PATCH', { state: 'disabled' }],
  ] as const) {
    const emulator = createTestEmulator(noJitter)
    const receiver = await startReceiver((response) => void response.writeHead(500).end())
    const { id } = await register(emulator, receiver.url)
    await register(emulator, await deadUrl(), ['batch.failed'])
    await emulator.trigger({ ...event, type: 'batch.failed' })
    await emulator.trigger(event)
    await emulator.idle()
    await call(emulator, method, `/v1/webhooks/${id}`, body)
    await emulator.trigger(event)
    await emulator.clock.advance(25 * HOUR_MS)
    expect(receiver.received).toHaveLength(1)
    expect(emulator.deliveries()).toMatchObject([{ state: 'exhausted' }, { state: 'disabled' }])
  }
})

test('a retry goes to the URI and is signed with the secrets of that moment', async () => {
  const emulator = createTestEmulator(noJitter)
  const first = await startReceiver((response) => void response.writeHead(500).end())
  const second = await startReceiver()
  const { id } = await register(emulator, first.url)
  await emulator.trigger(event)
  await emulator.idle()
  await call(emulator, 'PATCH', `/v1/webhooks/${id}`, { uri: second.url })
  const behavior = { revocation_behavior: 'revoke_previous_secrets_immediately' }
  const rotated = await call(emulator, 'POST', `/v1/webhooks/${id}:rotateSigningSecret`, behavior)
  await emulator.clock.advance(5 * SECOND_MS)
  const [retry] = second.received
  expect(retry!.headers['webhook-signature']).toBe(expectedV1(retry!, rotated.body.secret))
})
