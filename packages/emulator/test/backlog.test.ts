import { expect, test } from 'vitest'
import type { Emulator } from '../src/index.ts'
import { seededRandom } from './engine-model.ts'
import { createTestEmulator, register } from './support.ts'

const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }
const STUCK = 'http://127.0.0.1:1/stuck'
const HEALTHY = 'http://127.0.0.1:1/healthy'

function attemptsAt(emulator: Emulator, uri: string) {
  return emulator
    .deliveries()
    .filter((delivery) => delivery.uri === uri)
    .flatMap(({ attempts }) => attempts)
}

test('10 000 events reach a healthy endpoint while another one holds its first attempts for ever', async () => {
  const events = 10_000
  let allAcked = () => {}
  const done = new Promise<void>((resolve) => {
    allAcked = resolve
  })
  let acked = 0
  const emulator = createTestEmulator({
    limits: { deliveries: 2 * events },
    fetch: async (input) => (String(input) === STUCK ? new Promise<never>(() => {}) : new Response()),
    observer: ({ type }) => {
      if (type === 'delivery_acked') acked += 1
      if (acked === events) allAcked()
    },
  })
  await register(emulator, STUCK)
  await register(emulator, HEALTHY)
  for (let count = 0; count < events; count += 1) await emulator.trigger(event)
  await done
  expect(attemptsAt(emulator, HEALTHY)).toHaveLength(events)
  expect(attemptsAt(emulator, STUCK)).toHaveLength(32)
})

test('retries of events that came at once do not come at once', async () => {
  const events = 2000
  const emulator = createTestEmulator({
    limits: { deliveries: events },
    disableAfter: 0,
    random: seededRandom(7),
    fetch: async () => new Response(null, { status: 500 }),
  })
  await register(emulator, HEALTHY)
  for (let count = 0; count < events; count += 1) await emulator.trigger(event)
  await emulator.clock.advance(3_600_000)
  // Retries 2 to 5, planned 30 s, 2 min, 10 min and 30 min after the event, each spread over ±20 %.
  for (const [number, plannedSeconds] of [
    [3, 30],
    [4, 120],
    [5, 600],
    [6, 1800],
  ] as const) {
    const seconds = attemptsAt(emulator, HEALTHY)
      .filter(({ attempt }) => attempt === number)
      .map(({ startedAt }) => Math.floor(startedAt / 1000))
    const buckets = new Map<number, number>()
    for (const second of seconds) buckets.set(second, (buckets.get(second) ?? 0) + 1)
    expect(seconds).toHaveLength(events)
    expect(Math.max(...buckets.values())).toBeLessThanOrEqual((3 * events) / (0.4 * plannedSeconds) + 5)
  }
})
