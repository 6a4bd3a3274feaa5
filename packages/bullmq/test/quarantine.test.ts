import type { DeliveryQueue, ProcessDelivery } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import type { RedisServer } from '@gwh/testing/redis'
import { expect, test } from 'vitest'
import { startChild } from './children/start-child.ts'
import { until } from './until.ts'
import { useQueue, useRedis } from './use-redis.ts'

const LEASE_MS = 400

/** Enqueues deliveries and lets two processes end while they handle them. */
async function abandonTwice(server: RedisServer, ids: string[]): Promise<void> {
  const queue = useQueue(server)
  for (const id of ids) await queue.enqueue(queuedDelivery({ id }))
  for (let death = 0; death < 2; death++) {
    const child = startChild('./work.ts', server.url, String(LEASE_MS), 'hang')
    let running = 0
    child.onLine(() => {
      running++
      if (running === ids.length) child.process.kill('SIGKILL')
    })
    expect((await child.ended).signal).toBe('SIGKILL')
  }
}

/** A slow handler that records how many ran at a time, and how many ran beside crash-loop suspects. */
function createHandler() {
  const running = new Set<string>()
  const seen = { most: 0, besideSuspects: 0, attempts: new Map<string, number>() }
  const handler: ProcessDelivery = async ({ id }, { attempt }) => {
    running.add(id)
    seen.attempts.set(id, attempt)
    seen.most = Math.max(seen.most, running.size)
    if ([...running].some((one) => one.startsWith('suspect')))
      seen.besideSuspects = Math.max(seen.besideSuspects, running.size - 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    running.delete(id)
  }
  return { handler, seen }
}

async function enqueueFresh(queue: DeliveryQueue, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await queue.enqueue(queuedDelivery())
}

const SUSPECTS = ['suspect_0', 'suspect_1', 'suspect_2']

test('a crash-loop suspect runs alone, across all workers of the queue', async () => {
  const server = await useRedis()
  await abandonTwice(server, SUSPECTS)
  const queue = useQueue(server)
  const { handler, seen } = createHandler()
  const errors: unknown[] = []
  const options = { leaseMs: LEASE_MS, concurrency: 4, onError: (error: unknown) => errors.push(error) }
  const workers = [queue.work(handler, options), queue.work(handler, options)]
  // Keeps other deliveries waiting and running until the last suspect is claimed.
  await until('the crash-loop suspects are handled', async () => {
    if ((await queue.stats()).pending < 8) await enqueueFresh(queue, 8)
    return SUSPECTS.every((id) => seen.attempts.has(id))
  })
  await until('all is handled', async () => {
    const { pending, running, retrying } = await queue.stats()
    return pending + running + retrying === 0
  })
  expect(seen.besideSuspects).toBe(0)
  expect(seen.most).toBeGreaterThan(1)
  // A delivery that was returned because others ran was not attempted.
  expect(SUSPECTS.map((id) => seen.attempts.get(id))).toEqual([3, 3, 3])
  expect(errors).toEqual([])
  for (const worker of workers) await worker.stop()
}, 60_000)

test('a drain runs crash-loop suspects alone, and the others together', async () => {
  const server = await useRedis()
  await abandonTwice(server, SUSPECTS)
  const queue = useQueue(server)
  const { handler, seen } = createHandler()
  await until('the crash-loop suspects are handled', async () => {
    await enqueueFresh(queue, 8)
    seen.most = 0
    await queue.drain(handler, { leaseMs: LEASE_MS, concurrency: 4 })
    return SUSPECTS.every((id) => seen.attempts.has(id))
  })
  expect(seen.besideSuspects).toBe(0)
  expect(seen.most).toBeGreaterThan(1)
})

test('a delivery that kills its process at once is the only one to become a dead letter', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  const ids = ['poison', ...Array.from({ length: 15 }, (_, index) => `fresh_${index}`)]
  for (const id of ids) await queue.enqueue(queuedDelivery({ id }))
  const attempts = new Map<string, number>()
  for (let lives = 0; (await queue.stats()).done + (await queue.stats()).dead < ids.length; lives++) {
    expect(lives).toBeLessThan(10)
    const child = startChild('./work.ts', server.url, String(LEASE_MS), 'poison')
    child.onLine((line) => {
      const [id = '', attempt] = line.split(' ')
      attempts.set(id, Number(attempt))
    })
    const over = until('all is settled', async () => {
      const { done, dead } = await queue.stats()
      return done + dead === ids.length
    }).then(() => child.process.kill('SIGKILL'))
    await Promise.race([child.ended, over])
    over.catch(() => {})
  }
  expect(await queue.stats()).toMatchObject({ done: 15, dead: 1 })
  expect(attempts.get('poison')).toBe(5)
  attempts.delete('poison')
  expect(Math.max(...attempts.values())).toBeLessThanOrEqual(3)
}, 60_000)
