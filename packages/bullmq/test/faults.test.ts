import type { DeliveryQueue, QueuedDelivery } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import type { RedisServer } from '@gwh/testing/redis'
import { expect, test } from 'vitest'
import { until } from './until.ts'
import { useClient, useQueue, useRedis } from './use-redis.ts'

const UNAVAILABLE = { name: 'WebhookUnavailableError', code: 'store_unavailable', status: 503 }

test('while Redis is down from the start everything rejects, and works once it is up', async () => {
  const server = await useRedis()
  await server.signal('SIGKILL')
  const queue = useQueue(server)
  const rejections = [
    queue.enqueue(queuedDelivery()),
    queue.stats(),
    queue.drain(async () => {}),
    queue.deadLetters.list(),
    queue.deadLetters.redrive('all'),
    queue.deadLetters.purge({ olderThan: 0 }),
  ]
  for (const rejection of rejections) await expect(rejection).rejects.toMatchObject(UNAVAILABLE)
  await server.start()
  await until('an enqueue is accepted', () => isAccepted(queue))
  expect((await queue.stats()).pending).toBe(1)
})

test('a worker started while Redis is down handles deliveries once it is up', async () => {
  const server = await useRedis()
  await server.signal('SIGKILL')
  const queue = useQueue(server)
  const errors: unknown[] = []
  const handled: string[] = []
  const onError = (error: unknown) => errors.push(error)
  const worker = queue.work(async ({ key }) => void handled.push(key), { onError })
  await until('the worker reported that Redis is down', () => errors.length > 0)
  expect(errors[0]).toMatchObject(UNAVAILABLE)
  await server.start()
  await until('an enqueue is accepted', () => isAccepted(queue))
  await until('it is handled', () => handled.length === 1)
  await worker.stop()
})

test('stopping a worker without a running handler does not wait for a Redis that is down', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  // Longer than this test may take.
  const worker = queue.work(async () => {}, { stopTimeoutMs: 600_000 })
  await server.signal('SIGKILL')
  await worker.stop()
})

test('an enqueue is rejected when Redis does not answer', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  await queue.stats()
  await server.signal('SIGSTOP')
  await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
  await server.signal('SIGCONT')
  await until('an enqueue is accepted', () => isAccepted(queue))
})

for (const [what, args] of Object.entries({
  'out of memory': ['CONFIG', 'SET', 'maxmemory', '1'],
  'a replica': ['REPLICAOF', '127.0.0.1', '1'],
})) {
  test(`an enqueue is rejected while Redis is ${what}`, async () => {
    const server = await useRedis()
    const queue = useQueue(server)
    await command(server, ...args)
    await expect(queue.enqueue(queuedDelivery())).rejects.toMatchObject(UNAVAILABLE)
  })
}

test('a completion that Redis refuses is an unavailable store, not a failure of the handler', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  await queue.enqueue(queuedDelivery())
  const errors: unknown[] = []
  const outcomes: unknown[] = []
  const drained = queue.drain(async () => void (await command(server, 'REPLICAOF', '127.0.0.1', '1')), {
    maxAttempts: 1,
    onError: (error) => errors.push(error),
    onSettled: (outcome) => outcomes.push(outcome),
  })
  // It looks for more, in vain.
  await expect(drained).rejects.toMatchObject(UNAVAILABLE)
  expect(errors).toMatchObject([UNAVAILABLE])
  expect(outcomes).toEqual([])
})

test('flushed scripts and killed connections lose no delivery', async () => {
  const server = await useRedis()
  const queue = useQueue(server)
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await command(server, 'SCRIPT', 'FLUSH')
  expect(await queue.enqueue(queuedDelivery())).toBe('enqueued')
  await command(server, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await until('an enqueue is accepted', () => isAccepted(queue))
  expect(await queue.drain(async () => {})).toEqual({ processed: 3 })
})

test('with appendfsync always, everything Redis acknowledged is there after a kill', async () => {
  const server = await useRedis('--appendonly', 'yes', '--appendfsync', 'always')
  const queue = useQueue(server)
  const acknowledged: QueuedDelivery[] = []
  for (let round = 0; round < 3; round++) {
    // Counted per round: answers that were on their way arrive after the kill as well.
    let answers = 0
    const sending = Array.from({ length: 300 }, async () => {
      const message = queuedDelivery()
      await queue.enqueue(message)
      acknowledged.push(message)
      if (++answers === 150) await server.signal('SIGKILL')
    })
    const outcomes = await Promise.allSettled(sending)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(UNAVAILABLE)
    }
    await server.start()
    await until('Redis is reached again', () => isReachable(queue))
  }
  const handled = new Map<string, QueuedDelivery>()
  await queue.drain(async (message) => void handled.set(message.key, message), { concurrency: 32 })
  expect(acknowledged.length).toBeGreaterThanOrEqual(450)
  expect(acknowledged.filter(({ key }) => !handled.has(key))).toEqual([])
})

const spare = queuedDelivery()

/** Enqueues the same delivery on every call, so that one is queued however many calls it takes. */
async function isAccepted(queue: DeliveryQueue): Promise<boolean> {
  return await queue.enqueue(spare).then(
    () => true,
    () => false,
  )
}

async function isReachable(queue: DeliveryQueue): Promise<boolean> {
  return await queue.stats().then(
    () => true,
    () => false,
  )
}

async function command(server: RedisServer, ...words: string[]): Promise<unknown> {
  const [name = '', ...args] = words
  return await useClient(server).call(name, ...args)
}
