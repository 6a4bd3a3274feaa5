import { PermanentError } from '@gwh/core/errors'
import type { DeliveryQueue, QueuedDelivery } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import { afterEach, expect, test, vi } from 'vitest'
import { until } from './until.ts'
import { useQueue, useRedis } from './use-redis.ts'

const DAY_MS = 24 * 3_600_000
const STEPS = [5 * DAY_MS, 31 * DAY_MS, -5 * DAY_MS, -31 * DAY_MS]

/** Sets the clock of this process; the clock of Redis stays right, and timers continue. */
function setClock(stepMs: number): void {
  vi.useRealTimers()
  if (stepMs !== 0) vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + stepMs })
}

afterEach(() => setClock(0))

async function fail(queue: DeliveryQueue, message: QueuedDelivery, error: Error): Promise<void> {
  await queue.enqueue(message)
  await queue.drain(() => Promise.reject(error), { backoffMs: 1 })
}

test.each(STEPS)('with the clock %i ms off, and right again, nothing is purged', async (stepMs) => {
  const queue = useQueue(await useRedis())
  const [done, dead] = [queuedDelivery(), queuedDelivery()]
  await queue.enqueue(done)
  await queue.drain(async () => {})
  await fail(queue, dead, new PermanentError('never'))
  for (const step of [stepMs, 0]) {
    setClock(step)
    // BullMQ deletes what is too old when it settles another job.
    await queue.enqueue(queuedDelivery())
    await queue.drain(async () => {})
    await fail(queue, queuedDelivery(), new PermanentError('never'))
  }
  expect(await queue.stats()).toMatchObject({ done: 3, dead: 3 })
  expect([await queue.enqueue(done), await queue.enqueue(dead)]).toEqual(['duplicate', 'duplicate'])
})

test.each(STEPS)(
  'a retry that was scheduled with the clock %i ms off is due in time when the clock is right',
  async (stepMs) => {
    const queue = useQueue(await useRedis())
    setClock(stepMs)
    await fail(queue, queuedDelivery(), new TypeError('not yet'))
    expect(await queue.stats()).toMatchObject({ retrying: 1 })
    setClock(0)
    await until('it is handled', async () => (await queue.drain(async () => {})).processed === 1)
  },
)

test.each(STEPS)('a retry is due in time although the clock is %i ms off meanwhile', async (stepMs) => {
  const queue = useQueue(await useRedis())
  await fail(queue, queuedDelivery(), new TypeError('not yet'))
  setClock(stepMs)
  await until('it is handled', async () => (await queue.drain(async () => {})).processed === 1)
})

test.each(STEPS)('a retry is not due early because the clock is %i ms off', async (stepMs) => {
  const queue = useQueue(await useRedis())
  await queue.enqueue(queuedDelivery())
  const options = { backoffMs: 3_600_000, maxAttempts: 3 }
  const handler = () => Promise.reject(new TypeError('not yet'))
  await queue.drain(handler, options)
  setClock(stepMs)
  expect(await queue.drain(handler, options)).toEqual({ processed: 0 })
})

test.each(STEPS)(
  'a worker keeps running and finds due retries while the clock is %i ms off',
  async (stepMs) => {
    const queue = useQueue(await useRedis())
    let tries = 0
    const worker = queue.work(
      async () => {
        if (++tries < 3) throw new TypeError('not yet')
      },
      { backoffMs: 10, maxBackoffMs: 10, leaseMs: 1_000 },
    )
    await queue.enqueue(queuedDelivery())
    await until('it was tried', () => tries > 0)
    setClock(stepMs)
    await until('it is handled', async () => (await queue.stats()).done === 1)
    setClock(0)
    await queue.enqueue(queuedDelivery())
    await until('the next is handled', async () => (await queue.stats()).done === 2)
    await worker.stop()
  },
)
