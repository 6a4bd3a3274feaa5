import { createMemoryStorage, createStoredQueue, type QueueStorage } from '@gwh/core/queue'
import { expect, onTestFinished, test } from 'vitest'
import { createFakeClock, queuedDelivery } from '../src/index.ts'

const CONCURRENCY = 3

/** A worker on a storage that takes `settleMs` to complete a delivery or to plan its retry. */
async function startWorker(settleMs: number, fail = false) {
  const clock = createFakeClock()
  const storage = createMemoryStorage(clock)
  const wait = (ms: number) => new Promise<void>((resolve) => clock.schedule(resolve, ms))
  const slow: QueueStorage = {
    ...storage,
    async complete(lease, now, effects) {
      await wait(settleMs)
      return await storage.complete(lease, now, effects)
    },
    async retry(...settled) {
      await wait(settleMs)
      return await storage.retry(...settled)
    },
  }
  const queue = createStoredQueue(slow, { clock })
  const handled: string[] = []
  for (let index = 0; index < 20; index++) await queue.enqueue(queuedDelivery({ id: `id_${index}` }))
  const handle = async ({ id }: { id: string }) => {
    handled.push(id)
    if (fail) throw new Error('handler')
  }
  const worker = queue.work(handle, { concurrency: CONCURRENCY, backoffMs: 3_600_000 })
  onTestFinished(async () => {
    const stopped = worker.stop()
    await clock.advance(60_000)
    await stopped
  })
  return { clock, queue, worker, handled, settleMs }
}

test('a worker handles the next deliveries while those before them are settled, but claims no more than twice its concurrency', async () => {
  const { clock, queue, handled, settleMs } = await startWorker(1_000)
  await clock.advance(0)
  expect(handled).toHaveLength(2 * CONCURRENCY)
  expect(await queue.stats()).toMatchObject({ running: 2 * CONCURRENCY, done: 0 })
  await clock.advance(settleMs)
  expect(await queue.stats()).toMatchObject({ running: 2 * CONCURRENCY, done: 2 * CONCURRENCY })
  await clock.advance(3 * settleMs)
  expect(await queue.stats()).toMatchObject({ running: 0, done: 20 })
  expect(new Set(handled).size).toBe(20)
})

test('a handler that fails frees its slot before its retry is planned, too', async () => {
  const { clock, queue, handled, settleMs } = await startWorker(1_000, true)
  await clock.advance(0)
  expect(handled).toHaveLength(2 * CONCURRENCY)
  await clock.advance(4 * settleMs)
  expect(await queue.stats()).toMatchObject({ running: 0, retrying: 20 })
  expect(new Set(handled).size).toBe(20)
})

test('a worker that stops waits until what it handled is settled', async () => {
  const { clock, queue, worker, handled, settleMs } = await startWorker(1_000)
  await clock.advance(0)
  let stopped = false
  const stopping = worker.stop().then(() => {
    stopped = true
  })
  await clock.advance(settleMs - 1)
  expect(stopped).toBe(false)
  await clock.advance(1)
  await stopping
  expect(await queue.stats()).toMatchObject({ running: 0, done: handled.length })
})
