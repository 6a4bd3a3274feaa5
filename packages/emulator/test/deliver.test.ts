import { expect, test } from 'vitest'
import type { DeliverySnapshot, EmulatorSignal } from '../src/index.ts'
import { call, createTestEmulator, deadUrl, register, startReceiver } from './support.ts'

const HOUR_MS = 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }
/** Draws the middle of every jitter range: the plan itself. */
const noJitter = { random: () => 0.5 }

test('any 2xx acknowledges, and nothing is sent afterwards', async () => {
  for (const status of [200, 201, 202, 204, 206, 299]) {
    const emulator = createTestEmulator()
    const receiver = await startReceiver((response) => void response.writeHead(status).end())
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.clock.advance(25 * HOUR_MS)
    expect(receiver.received).toHaveLength(1)
    expect(emulator.deliveries()[0]).toMatchObject({ state: 'acked', attempts: [{ status }] })
  }
})

test('a redirect is a failure and is never followed', async () => {
  const target = await startReceiver()
  for (const status of [301, 302, 307, 308]) {
    const emulator = createTestEmulator()
    const receiver = await startReceiver((response) => {
      response.writeHead(status, { location: target.url }).end()
    })
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.idle()
    const attempts = [{ status, code: 'redirect' }]
    expect(emulator.deliveries()[0]).toMatchObject({ state: 'pending', attempts })
  }
  expect(target.received).toHaveLength(0)
})

test('an answer whose head is a complete 2xx acknowledges even when its body breaks off or never ends', async () => {
  for (const behave of ['break', 'hang', 'flood']) {
    const emulator = createTestEmulator({ retry: { timeoutMs: 500 } })
    const receiver = await startReceiver((response) => {
      response.writeHead(200)
      response.write('x'.repeat(behave === 'flood' ? 1_000_000 : 10), () => {
        if (behave === 'break') response.destroy()
      })
    })
    await emulator.trigger({ ...event, uris: [receiver.url] })
    await emulator.idle()
    const [delivery] = emulator.deliveries()
    expect(delivery!.state).toBe('acked')
    expect(delivery!.attempts[0]!.answer).toHaveLength(behave === 'flood' ? 16_384 : 10)
  }
})

test('a refused connection is tried again', async () => {
  const emulator = createTestEmulator()
  await emulator.trigger({ ...event, uris: [await deadUrl()] })
  await emulator.idle()
  const attempts = [{ code: 'connection_failed' }]
  expect(emulator.deliveries()[0]).toMatchObject({ state: 'pending', attempts })
})

test('a target beyond this machine is blocked without a connection', async () => {
  const contacted: string[] = []
  const spy: typeof globalThis.fetch = async (input) => {
    contacted.push(String(input))
    return new Response()
  }
  const targets = [
    'http://example.com/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://0.0.0.0/',
    'http://localhost.example.com/',
    'http://127.0.0.1.example.com/',
  ]
  const emulator = createTestEmulator({ fetch: spy })
  await emulator.trigger({ ...event, uris: targets })
  await emulator.idle()
  expect(contacted).toEqual([])
  for (const delivery of emulator.deliveries()) {
    expect(delivery).toMatchObject({ attempts: [{ code: 'target_blocked' }] })
  }
})

test('a static event goes to every enabled subscriber of its type, each under its own id', async () => {
  const emulator = createTestEmulator()
  const receivers = [await startReceiver(), await startReceiver(), await startReceiver()]
  await register(emulator, receivers[0]!.url)
  await register(emulator, receivers[1]!.url, ['batch.failed', 'batch.succeeded'])
  await register(emulator, receivers[2]!.url, ['batch.failed'])
  const { webhookIds } = await emulator.trigger(event)
  await emulator.idle()
  expect(receivers.map(({ received }) => received.length)).toEqual([1, 1, 0])
  expect(receivers.slice(0, 2).map(({ received }) => received[0]!.headers['webhook-id'])).toEqual(webhookIds)
  expect(new Set(webhookIds).size).toBe(2)
})

test('a backlog at one endpoint does not hold up another', async () => {
  const emulator = createTestEmulator()
  const stuck = await startReceiver(() => {})
  let arrived = () => {}
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const healthy = await startReceiver((response) => {
    response.writeHead(200).end()
    arrived()
  })
  for (let count = 0; count < 100; count += 1) await emulator.trigger({ ...event, uris: [stuck.url] })
  await emulator.trigger({ ...event, uris: [healthy.url] })
  await arrival
  expect(healthy.received).toHaveLength(1)
})

test('an endpoint gets at most 32 attempts at once', async () => {
  const emulator = createTestEmulator()
  const isRunning = ({ attempts }: DeliverySnapshot) => attempts[0] && attempts[0].durationMs === undefined
  const running: number[] = []
  const held: (() => void)[] = []
  const receiver = await startReceiver((response) => {
    held.push(() => response.writeHead(200).end())
    // Answering only a full lane proves its width: a narrower one would wait for ever.
    if (held.length < 32) return
    running.push(emulator.deliveries().filter(isRunning).length)
    for (const answer of held.splice(0)) answer()
  })
  for (let count = 0; count < 64; count += 1) await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  expect(running).toEqual([32, 32])
  expect(emulator.deliveries().every(({ state }) => state === 'acked')).toBe(true)
})

test('the observer sees a delivery from its first attempt to its end', async () => {
  const signals: EmulatorSignal[] = []
  const emulator = createTestEmulator({ ...noJitter, observer: (signal) => signals.push(signal) })
  const receiver = await startReceiver((response, _, count) => {
    response.writeHead(count === 1 ? 500 : 200).end()
  })
  const webhookConfig = { uris: [receiver.url] }
  const requests = { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] }
  const batch = { inputConfig: { requests }, webhookConfig }
  const { body } = await call(emulator, 'POST', '/v1/models/m:batchGenerateContent', { batch })
  await emulator.clock.advance(HOUR_MS)
  expect(signals.map((signal) => signal.type)).toEqual([
    'job_created',
    'job_finished',
    'attempt_started',
    'attempt_finished',
    'retry_planned',
    'attempt_started',
    'attempt_finished',
    'delivery_acked',
  ])
  expect(signals[3]).toEqual({
    type: 'attempt_finished',
    at: expect.any(Number),
    webhookId: receiver.received[0]!.headers['webhook-id'],
    uri: receiver.url,
    attempt: 1,
    status: 500,
    code: 'http_status',
    durationMs: expect.any(Number),
    scheme: 'dynamic',
    eventType: 'batch.succeeded',
    jobId: body.name,
  })
})

test('an observer that throws changes nothing', async () => {
  const emulator = createTestEmulator({
    observer: () => {
      throw new TypeError('spectator')
    },
  })
  const receiver = await startReceiver()
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  expect(emulator.deliveries()[0]!.state).toBe('acked')
})

test('closing breaks off a running attempt and ends all planned work', async () => {
  const signals: string[] = []
  const emulator = createTestEmulator({ observer: ({ type }) => signals.push(type) })
  let arrived = () => {}
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const receiver = await startReceiver(() => arrived())
  await emulator.trigger({ ...event, uris: [await deadUrl()] })
  const body = { model: 'm', input: 'x', background: true }
  await call(emulator, 'POST', '/v1/interactions', body)
  await emulator.idle()
  signals.length = 0
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await arrival
  await emulator.close()
  expect(emulator.deliveries()[1]).toMatchObject({ state: 'pending', attempts: [{ code: 'closed' }] })
  await expect(emulator.clock.advance(25 * HOUR_MS)).rejects.toMatchObject({ code: 'closed' })
  expect(receiver.received).toHaveLength(1)
  expect(signals).toEqual(['attempt_started', 'attempt_finished'])
})
