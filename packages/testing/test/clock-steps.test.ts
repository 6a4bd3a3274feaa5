import { createMemoryQueue } from '@gwh/core/queue'
import { createMemoryStore } from '@gwh/core/store'
import { expect, test } from 'vitest'
import { createFakeClock, queuedDelivery } from '../src/index.ts'

const DAY_MS = 24 * 3_600_000

test('a memory queue forgets no handled delivery when the clock is set 31 days ahead and back', async () => {
  const clock = createFakeClock()
  const queue = createMemoryQueue({ clock })
  const message = queuedDelivery()
  await queue.enqueue(message)
  await queue.drain(async () => {})
  await queue.enqueue(queuedDelivery())
  clock.step(31 * DAY_MS)
  await queue.enqueue(queuedDelivery())
  clock.step(-31 * DAY_MS)
  expect(await queue.enqueue(message)).toBe('duplicate')
})

test('a memory store forgets no completed key when the clock is set 31 days ahead and back', async () => {
  const clock = createFakeClock()
  const store = createMemoryStore({ now: clock.now })
  const claim = (key: string) =>
    store.claim(key, { leaseUntil: clock.now() + 60_000, expiresAt: clock.now() + 3 * DAY_MS })
  const first = await claim('a')
  if (first.status === 'claimed') await store.complete(first)
  clock.step(31 * DAY_MS)
  await claim('b')
  clock.step(-31 * DAY_MS)
  expect((await claim('a')).status).toBe('completed')
  expect((await claim('b')).status).toBe('claimed')
})
