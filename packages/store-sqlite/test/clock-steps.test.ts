import { PermanentError } from '@gwh/core/errors'
import { createMemoryQueue, type DeliveryQueue } from '@gwh/core/queue'
import { createFakeClock, type FakeClock, queuedDelivery } from '@gwh/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSqliteQueue, createSqliteStore } from '../src/index.ts'
import { temporaryFile } from './temporary-file.ts'

const DAY_MS = 24 * 3_600_000

test('a clock set 31 days ahead and back, with restarts, purges nothing', async () => {
  const path = temporaryFile()
  const clock = createFakeClock()
  const [done, dead] = [queuedDelivery(), queuedDelivery()]
  const during = async (run: (queue: DeliveryQueue) => Promise<unknown>) => {
    const queue = createSqliteQueue({ path, clock })
    await run(queue)
    await queue.close()
  }
  await during(async (queue) => {
    await queue.enqueue(done)
    await queue.drain(async () => {})
    await queue.enqueue(dead)
    await queue.drain(() => Promise.reject(new PermanentError('never')))
  })
  clock.step(31 * DAY_MS)
  for (let hour = 0; hour < 3; hour++) {
    await during((queue) => queue.drain(async () => {}))
    await clock.advance(3_600_000)
  }
  clock.step(-31 * DAY_MS)
  await during(async (queue) => {
    await queue.drain(async () => {})
    expect(await queue.enqueue(done)).toBe('duplicate')
    expect(await queue.deadLetters.list()).toHaveLength(1)
  })
})

test('a clock that stays where it was set is trusted after a day', async () => {
  const path = temporaryFile()
  const clock = createFakeClock()
  const queue = createSqliteQueue({ path, clock })
  onTestFinished(() => queue.close())
  const done = queuedDelivery()
  await queue.enqueue(done)
  await queue.drain(async () => {})
  await clock.advance(31 * DAY_MS)
  await queue.drain(async () => {})
  expect(await queue.enqueue(done)).toBe('duplicate')
  await clock.advance(DAY_MS)
  await queue.drain(async () => {})
  expect(await queue.enqueue(done)).toBe('enqueued')
})

test('a store takes over a lease that a clock five days ahead has left', async () => {
  const clock = createFakeClock()
  const store = createSqliteStore({ path: temporaryFile(), now: clock.now })
  onTestFinished(() => store.close?.())
  const claim = () =>
    store.claim('a', { leaseUntil: clock.now() + 60_000, expiresAt: clock.now() + 90 * DAY_MS })
  clock.step(5 * DAY_MS)
  expect((await claim()).status).toBe('claimed')
  expect((await claim()).status).toBe('in_progress')
  clock.step(-5 * DAY_MS)
  expect((await claim()).status).toBe('claimed')
})

describe.each<[string, (clock: FakeClock) => DeliveryQueue]>([
  ['in memory', (clock) => createMemoryQueue({ clock })],
  ['on SQLite', (clock) => createSqliteQueue({ path: temporaryFile(), clock })],
])('a queue %s', (_, create) => {
  function start(handler: (signal: AbortSignal) => Promise<void>) {
    const clock = createFakeClock()
    const queue = create(clock)
    const outcomes: string[] = []
    const running = { now: 0, most: 0 }
    const process = async (_: unknown, { signal }: { signal: AbortSignal }) => {
      running.now++
      running.most = Math.max(running.most, running.now)
      await handler(signal).finally(() => running.now--)
    }
    const options = {
      leaseMs: 3_000,
      pollMs: 500,
      onSettled: ({ outcome }: { outcome: string }) => void outcomes.push(outcome),
    }
    const workers = [queue.work(process, options), queue.work(process, options)]
    onTestFinished(async () => {
      const stopping = Promise.all(workers.map((worker) => worker.stop()))
      await clock.advance(60_000)
      await stopping
      await queue.close()
    })
    return { clock, queue, outcomes, running }
  }

  test('does not run its own delivery twice after its process was frozen', async () => {
    const handler = Promise.withResolvers<void>()
    const { clock, queue, outcomes, running } = start(() => handler.promise)
    await queue.enqueue(queuedDelivery())
    await clock.advance(0)
    for (let round = 0; round < 3; round++) {
      await clock.stall(10_000)
      await clock.advance(700)
    }
    handler.resolve()
    await clock.advance(1_000)
    expect([running.most, outcomes]).toEqual([1, ['done']])
  })

  test.each([
    ['ahead', 5 * DAY_MS],
    ['back', -5 * DAY_MS],
  ])('keeps a running delivery when the clock is set five days %s', async (_, stepMs) => {
    const handler = Promise.withResolvers<void>()
    const { clock, queue, outcomes, running } = start(() => handler.promise)
    await queue.enqueue(queuedDelivery())
    await clock.advance(0)
    clock.step(stepMs)
    await clock.advance(10_000)
    handler.resolve()
    await clock.advance(1_000)
    expect([running.most, outcomes]).toEqual([1, ['done']])
  })
})
