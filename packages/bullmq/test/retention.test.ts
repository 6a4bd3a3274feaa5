import { PermanentError } from '@gwh/core/errors'
import { createFakeClock, queuedDelivery } from '@gwh/testing'
import { expect, test } from 'vitest'
import { useQueue, useRedis } from './use-redis.ts'

const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 10, 20, 12)

function createHours() {
  const clock = createFakeClock(START_MS)
  const setHour = (hours: number) => clock.advance(START_MS + hours * HOUR_MS - clock.now())
  return { clock, setHour }
}

test('a handled delivery is a duplicate for the retention, and new after it', async () => {
  const { clock, setHour } = createHours()
  const queue = useQueue(await useRedis(), { clock })
  const message = queuedDelivery()
  const handleAt = async (hours: number) => {
    await setHour(hours)
    await queue.enqueue(queuedDelivery())
    await queue.drain(async () => {})
  }
  await queue.enqueue(message)
  await queue.drain(async () => {})
  await handleAt(71)
  expect(await queue.enqueue(message)).toBe('duplicate')
  await handleAt(73)
  expect((await queue.stats()).done).toBe(2)
  expect(await queue.enqueue(message)).toBe('enqueued')
})

test('a dead letter is kept for its own retention', async () => {
  const { clock, setHour } = createHours()
  const queue = useQueue(await useRedis(), { deadRetentionMs: 48 * HOUR_MS, clock })
  const killAt = async (hours: number) => {
    await setHour(hours)
    await queue.enqueue(queuedDelivery())
    await queue.drain(() => Promise.reject(new PermanentError('never')))
    return (await queue.stats()).dead
  }
  expect([await killAt(0), await killAt(47), await killAt(49)]).toEqual([1, 2, 2])
})
