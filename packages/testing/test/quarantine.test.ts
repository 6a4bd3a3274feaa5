import {
  createMemoryStorage,
  createStoredQueue,
  type ProcessDelivery,
  type QueueStorage,
  type WorkOptions,
} from '@gwh/core/queue'
import { expect, onTestFinished, test } from 'vitest'
import { createFakeClock, queuedDelivery } from '../src/index.ts'

const LEASE_MS = 60_000
const HANDLING_MS = 100

/** A queue on a storage in which processes have abandoned deliveries. */
function createHarness() {
  const clock = createFakeClock()
  const storage = createMemoryStorage(clock)
  let claims = 0
  const counted: QueueStorage = {
    ...storage,
    claim(terms) {
      claims++
      return storage.claim(terms)
    },
  }
  const queue = createStoredQueue(counted, { clock })
  const enqueue = async (count: number, name: string) => {
    for (let index = 0; index < count; index++)
      await queue.enqueue(queuedDelivery({ id: `${name}_${index}`, receivedAt: clock.now() }))
  }
  return {
    clock,
    storage,
    queue,
    enqueue,
    claims: () => claims,
    /** Enqueues deliveries and claims them like two processes that died; the second lease ends after `endsInMs`. */
    async abandonTwice(count: number, endsInMs = 0) {
      await enqueue(count, 'suspect')
      const claim = (leaseMs: number) =>
        storage.claim({ limit: count, now: clock.now(), leaseUntil: clock.now() + leaseMs })
      await claim(0)
      await claim(endsInMs)
    },
    work(process: ProcessDelivery, options?: WorkOptions) {
      const worker = queue.work(process, options)
      onTestFinished(async () => {
        const stopped = worker.stop()
        await clock.advance(LEASE_MS)
        await stopped
      })
    },
  }
}

/** A handler that takes `ms` and records which deliveries ran at the same time. */
function createHandler({ clock }: Pick<ReturnType<typeof createHarness>, 'clock'>, ms = HANDLING_MS) {
  const running = new Set<string>()
  const beside = new Map<string, Set<string>>()
  const handler: ProcessDelivery = async ({ id }) => {
    running.add(id)
    for (const one of running) {
      const neighbours = beside.get(one) ?? new Set()
      beside.set(one, neighbours)
      for (const other of running) if (other !== one) neighbours.add(other)
    }
    await new Promise<void>((resolve) => clock.schedule(resolve, ms))
    running.delete(id)
  }
  return { handler, beside }
}

function suspectsIn(beside: Map<string, Set<string>>): [string, string[]][] {
  return [...beside].filter(([id]) => id.startsWith('suspect')).map(([id, others]) => [id, [...others]])
}

const ALONE = [
  ['suspect_0', []],
  ['suspect_1', []],
]

test('a crash-loop suspect runs alone, and the others run together afterwards', async () => {
  const harness = createHarness()
  await harness.abandonTwice(2)
  await harness.enqueue(4, 'fresh')
  const { handler, beside } = createHandler(harness)
  harness.work(handler, { concurrency: 4 })
  await harness.clock.advance(3 * HANDLING_MS)
  expect(suspectsIn(beside)).toEqual(ALONE)
  expect(beside.get('fresh_0')?.size).toBe(3)
  expect(await harness.queue.stats()).toMatchObject({ done: 6 })
})

test('no other worker of the queue runs anything beside a crash-loop suspect', async () => {
  const harness = createHarness()
  await harness.abandonTwice(2)
  const { handler, beside } = createHandler(harness)
  harness.work(handler, { concurrency: 1, pollMs: LEASE_MS })
  harness.work(handler, { concurrency: 1, pollMs: LEASE_MS })
  await harness.enqueue(2, 'fresh')
  await harness.clock.advance(3 * HANDLING_MS)
  expect(suspectsIn(beside)).toEqual(ALONE)
  // Both work again without having to poll.
  expect(await harness.queue.stats()).toMatchObject({ done: 4 })
})

test('a worker first finishes what is running, and starts nothing else meanwhile', async () => {
  const harness = createHarness()
  await harness.abandonTwice(1, 1_000)
  const { handler, beside } = createHandler(harness, 5_000)
  harness.work(handler, { concurrency: 4, pollMs: 100 })
  await harness.enqueue(1, 'running')
  await harness.clock.advance(1_000)
  await harness.enqueue(2, 'fresh')
  const before = harness.claims()
  await harness.clock.advance(3_999)
  expect([...beside.keys()]).toEqual(['running_0'])
  // It looks as often as it polls, and not as often as it can.
  expect(harness.claims() - before).toBeLessThanOrEqual(42)
  await harness.clock.advance(1_001)
  expect([...beside.keys()]).toEqual(['running_0', 'suspect_0'])
  await harness.clock.advance(10_000)
  expect(suspectsIn(beside)).toEqual([['suspect_0', []]])
  expect(await harness.queue.stats()).toMatchObject({ done: 4 })
})

test('a drain runs crash-loop suspects alone, and the others together', async () => {
  const harness = createHarness()
  await harness.abandonTwice(2)
  await harness.enqueue(8, 'fresh')
  const { handler, beside } = createHandler(harness)
  const drained = harness.queue.drain(handler, { concurrency: 4 })
  await harness.clock.advance(4 * HANDLING_MS)
  expect(await drained).toEqual({ processed: 10 })
  expect(suspectsIn(beside)).toEqual(ALONE)
  expect(beside.get('fresh_0')?.size).toBe(3)
})

test('a drain whose time is up does not wait for a worker', async () => {
  const harness = createHarness()
  await harness.abandonTwice(1, 1_000)
  harness.work(createHandler(harness, 20_000).handler, { concurrency: 1 })
  await harness.enqueue(1, 'running')
  await harness.clock.advance(1_000)
  let drained = false
  const draining = harness.queue
    .drain(async () => {}, { maxMs: 1_000 })
    .then(() => {
      drained = true
    })
  await harness.clock.advance(999)
  expect(drained).toBe(false)
  await harness.clock.advance(1)
  await draining
})

test('a delivery that kills every process costs the others at most two attempts', async () => {
  const { clock, storage, queue, enqueue } = createHarness()
  await enqueue(8, 'fresh')
  await enqueue(1, 'suspect')
  const attempts = new Map<string, number>()
  for (let life = 0; life < 5; life++) {
    const one = mortal(storage)
    const { handler } = createHandler({ clock })
    const process: ProcessDelivery = async (message, context) => {
      attempts.set(message.id, context.attempt)
      if (message.id.startsWith('suspect')) one.die()
      await handler(message, context)
    }
    createStoredQueue(one.storage, { clock }).work(process, { concurrency: 9, maxAttempts: 4 })
    await clock.advance(LEASE_MS + 1_000)
    one.die()
  }
  expect(await queue.stats()).toMatchObject({ done: 8, dead: 1 })
  expect(attempts.get('suspect_0')).toBe(4)
  attempts.delete('suspect_0')
  expect(Math.max(...attempts.values())).toBe(3)
})

/** A storage that a process shares with others until it dies: from then on its calls are neither done nor answered. */
function mortal(storage: QueueStorage) {
  let dead = false
  return {
    die() {
      dead = true
    },
    storage: new Proxy(storage, {
      get(target, name: keyof QueueStorage) {
        const member = target[name]
        if (typeof member !== 'function') return member
        return (...args: never[]) =>
          dead ? new Promise(() => {}) : (member as (...args: never[]) => unknown)(...args)
      },
    }),
  }
}
