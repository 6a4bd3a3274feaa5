import { expect, onTestFinished, test } from 'vitest'
import { createEmulator } from '../src/index.ts'
import { createTestEmulator } from './support.ts'

const DAY_MS = 24 * 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' }, uris: ['http://127.0.0.1/hook'] }

test('the clock goes on when real time is set back, and what is planned waits no longer for it', async () => {
  let real = 1_800_000_000_000
  let status = 500
  const emulator = createEmulator({
    now: () => real,
    retry: { scheduleMs: [0, 5000], jitter: 0 },
    fetch: async () => new Response(null, { status }),
  })
  onTestFinished(() => emulator.close())
  await emulator.trigger(event)
  await emulator.idle()
  const before = emulator.clock.now()
  real -= 5 * DAY_MS
  expect(emulator.clock.now()).toBe(before)
  real += 4999
  expect(emulator.clock.now()).toBe(before + 4999)
  await emulator.idle()
  expect(emulator.deliveries()).toMatchObject([{ state: 'pending', attempts: [{}] }])
  status = 200
  real += 1
  await emulator.idle()
  expect(emulator.deliveries()).toMatchObject([{ state: 'acked', attempts: [{}, {}] }])
})

test('an export is taken after real time was set back', async () => {
  let real = 1_800_000_000_000
  const emulator = createEmulator({ now: () => real, fetch: async () => new Response() })
  onTestFinished(() => emulator.close())
  await emulator.trigger(event)
  await emulator.settled()
  real -= 31 * DAY_MS
  const exported = emulator.export()
  emulator.import(JSON.parse(JSON.stringify(exported)))
  expect(emulator.clock.now()).toBe(exported.now)
})

test('an import may set the clock back', async () => {
  const emulator = createTestEmulator()
  const exported = emulator.export()
  await emulator.clock.advance(DAY_MS)
  emulator.import(exported)
  expect(emulator.clock.now()).toBe(exported.now)
  emulator.clock.resume()
  expect(emulator.clock.now()).toBeLessThan(exported.now + DAY_MS)
})

test('the stream of signals ends for a reader that does not read', async () => {
  const emulator = createTestEmulator({ limits: { deliveries: 10 }, fetch: async () => new Response() })
  const headers = { authorization: `Bearer ${emulator.controlToken}` }
  const response = await emulator.fetch(new Request('http://localhost/_gwh/signals', { headers }))
  const reader = response.body!.getReader()
  await reader.read()
  for (let count = 0; count < 800; count += 1) {
    await emulator.trigger(event)
    await emulator.idle()
  }
  let signals = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) signals += 1
  // Three for each delivery: the attempt starts and ends, and so does the delivery.
  expect(signals).toBeLessThan(3 * 800)
})
