import { createMemoryQueue, PermanentError, type ReceiverSignal } from '@gwh/core'
import type { DeliveryQueue } from '@gwh/core/queue'
import { describe, expect, test, vi } from 'vitest'
import {
  createFakeClock,
  createWatched,
  ID,
  NOW,
  NOW_SECONDS,
  OTHER_SECRET,
  settle,
  staticDelivery,
  toRequest,
} from './support.ts'

const ACCEPTED = { status: 200, body: '{"status":"accepted"}' }
const DUPLICATE = { status: 200, body: '{"status":"duplicate"}' }

function setUp(change: Partial<DeliveryQueue> = {}) {
  const clock = createFakeClock()
  const queue = { ...createMemoryQueue({ clock, random: () => 0.5 }), ...change }
  return { clock, queue, ...createWatched({ queue, clock, now: clock.now }) }
}

describe('a verified delivery', () => {
  test('is accepted once it is in the queue; no handler runs before the answer', async () => {
    const { receiver, queue, signals } = setUp()
    receiver.on('*', () => expect.unreachable())
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(ACCEPTED)
    await expect(queue.stats()).resolves.toMatchObject({ pending: 1 })
    expect(signals).toMatchObject([{ type: 'accepted', delivery: { id: ID } }])
  })

  test('is a duplicate in any state: waiting, handled or dead', async () => {
    const { receiver, queue } = setUp()
    receiver.on('*', () => {})
    await receiver.receive(staticDelivery())
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(DUPLICATE)
    await receiver.drain()
    await expect(queue.stats()).resolves.toMatchObject({ done: 1 })
    await expect(receiver.receive(staticDelivery())).resolves.toMatchObject(DUPLICATE)
    await receiver.receive(staticDelivery({ id: 'dead', body: 'no JSON' }))
    await receiver.drain()
    await expect(receiver.receive(staticDelivery({ id: 'dead' }))).resolves.toMatchObject(DUPLICATE)
  })

  test('is kept with everything its handler needs', async () => {
    const messages: unknown[] = []
    const { receiver } = setUp({
      enqueue: async (message) => {
        messages.push(message)
        return 'enqueued'
      },
    })
    const delivery = staticDelivery()
    await receiver.receive(delivery)
    expect(messages).toEqual([
      {
        id: ID,
        timestamp: NOW_SECONDS,
        scheme: 'static',
        keyId: 'whsec_...czI=',
        body: delivery.body,
        key: expect.stringMatching(/^[0-9a-f]{64}$/),
        endpoint: 'default',
        receivedAt: NOW,
      },
    ])
  })

  test('whose payload cannot be parsed is accepted too, and becomes a dead letter', async () => {
    const { receiver, queue, signals } = setUp()
    await expect(receiver.receive(staticDelivery({ body: 'no JSON' }))).resolves.toMatchObject(ACCEPTED)
    await expect(receiver.drain()).resolves.toEqual({ processed: 1 })
    await expect(queue.deadLetters.list()).resolves.toMatchObject([
      { reason: 'payload_invalid', attempts: 1 },
    ])
    expect(signals.at(-1)).toMatchObject({ type: 'dead', reason: 'payload_invalid' })
  })

  test('that does not verify never reaches the queue', async () => {
    const { receiver } = setUp({ enqueue: () => expect.unreachable() as never })
    await expect(receiver.receive(staticDelivery({}, OTHER_SECRET))).resolves.toMatchObject({ status: 401 })
  })
})

describe('a queue that fails', () => {
  test('to store a delivery is answered 503, and nothing is handled', async () => {
    const { receiver, signals } = setUp({ enqueue: () => Promise.reject(new Error('disk full')) })
    receiver.on('*', () => expect.unreachable())
    const waitUntil = vi.fn()
    const response = await receiver.fetch(toRequest(staticDelivery()), { waitUntil })
    expect(waitUntil).not.toHaveBeenCalled()
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.text()).toBe('{"error":"store_unavailable"}')
    expect(signals).toMatchObject([{ type: 'fault', code: 'store_unavailable' }])
  })
})

describe('a worker', () => {
  test('handles what is queued and reports it to the observer', async () => {
    const { receiver, signals, clock } = setUp()
    const handled: unknown[] = []
    receiver.on('batch.*', (event, { attempt, delivery }) => handled.push([event.type, attempt, delivery.id]))
    const worker = receiver.work({ concurrency: 2 })
    for (const id of ['a', 'b', 'c']) await receiver.receive(staticDelivery({ id }))
    await clock.advance(0)
    await worker.stop()
    expect(handled).toEqual(['a', 'b', 'c'].map((id) => ['batch.succeeded', 1, id]))
    expect(signals.filter(({ type }) => type === 'handled')).toHaveLength(3)
  })

  test('retries failed deliveries, and dead-letters them in the end', async () => {
    const { receiver, queue, signals, clock } = setUp()
    const attempts: number[] = []
    receiver.on('*', (_, { attempt }) => {
      attempts.push(attempt)
      throw new Error('still down')
    })
    const worker = receiver.work({ maxAttempts: 3 })
    await receiver.receive(staticDelivery())
    await clock.advance(60_000)
    await worker.stop()
    expect(attempts).toEqual([1, 2, 3])
    expect(signals.map(({ type }) => type)).toEqual(['accepted', 'failed', 'failed', 'dead'])
    await expect(queue.deadLetters.list()).resolves.toMatchObject([{ reason: 'attempts', attempts: 3 }])
  })

  test('reports what no handler matches as unhandled, and is done with it', async () => {
    const queue = createMemoryQueue()
    const { receiver, signals } = createWatched({ queue })
    receiver.on('batch.failed', () => expect.unreachable())
    await receiver.receive(staticDelivery())
    await receiver.drain()
    expect(signals).toMatchObject([{ type: 'accepted' }, { type: 'unhandled', eventType: 'batch.succeeded' }])
    expect(await queue.stats()).toMatchObject({ done: 1 })
  })

  test('does not retry a delivery that a handler rejected permanently', async () => {
    const { receiver, queue } = setUp()
    receiver.on('*', () => Promise.reject(new PermanentError('gone')))
    await receiver.receive(staticDelivery())
    await receiver.drain()
    await expect(queue.deadLetters.list()).resolves.toMatchObject([{ reason: 'handler_rejected' }])
  })

  test('also calls the caller’s own listeners', async () => {
    const { receiver } = setUp()
    const outcomes: string[] = []
    await receiver.receive(staticDelivery())
    await receiver.drain({ onSettled: ({ outcome }) => outcomes.push(outcome) })
    expect(outcomes).toEqual(['done'])
  })

  test('can be stopped twice', async () => {
    const { receiver } = setUp()
    const worker = receiver.work()
    await Promise.all([worker.stop(), worker.stop()])
    await worker.stop()
  })

  test('of a misspelt option, or of a receiver without a queue, is option_invalid', async () => {
    const invalid = expect.objectContaining({ code: 'option_invalid' })
    expect(() => setUp().receiver.work({ concurency: 2 } as object)).toThrow(invalid)
    expect(() => createWatched().receiver.work()).toThrow(invalid)
    await expect(createWatched().receiver.drain()).rejects.toEqual(invalid)
  })
})

describe('waitUntil', () => {
  const contexts: [string, (waitUntil: (promise: Promise<unknown>) => void) => unknown[]][] = [
    ['as second argument', (waitUntil) => [{ waitUntil }]],
    ['as third, after an environment', (waitUntil) => [{ SECRET: 'x' }, { waitUntil }]],
  ]
  test.each(contexts)('%s, has the queue drained after the answer', async (_, toArguments) => {
    const { receiver } = setUp()
    let handled = 0
    receiver.on('*', () => handled++)
    const promises: Promise<unknown>[] = []
    const given = toArguments((promise) => promises.push(promise)) as [unknown, unknown?]
    const response = await receiver.fetch(toRequest(staticDelivery()), ...given)
    expect(response.status).toBe(200)
    await Promise.all(promises)
    expect([promises.length, handled]).toEqual([1, 1])
  })

  test('is left alone while a worker runs, in inline mode, and for what was refused', async () => {
    const waitUntil = vi.fn()
    const { receiver } = setUp()
    await receiver.fetch(toRequest(staticDelivery({}, OTHER_SECRET)), { waitUntil })
    const worker = receiver.work()
    await receiver.fetch(toRequest(staticDelivery()), { waitUntil })
    await worker.stop()
    await createWatched().receiver.fetch(toRequest(staticDelivery()), { waitUntil })
    expect(waitUntil).not.toHaveBeenCalled()
    await receiver.fetch(toRequest(staticDelivery({ id: 'after_the_stop' })), { waitUntil })
    expect(waitUntil).toHaveBeenCalledOnce()
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['an object without it', {}],
    ['one that is not a function', { waitUntil: true }],
  ])('of %s is no waitUntil', async (_, context) => {
    const response = await setUp().receiver.fetch(toRequest(staticDelivery()), context)
    expect(response.status).toBe(200)
  })

  test('that throws, or a drain that fails, does not change the answer', async () => {
    const throwing = () => {
      throw new Error('too late')
    }
    const first = await setUp().receiver.fetch(toRequest(staticDelivery()), { waitUntil: throwing })
    expect(first.status).toBe(200)
    const { receiver } = setUp({ drain: () => Promise.reject(new Error('disk full')) })
    const promises: Promise<unknown>[] = []
    const second = await receiver.fetch(toRequest(staticDelivery()), {
      waitUntil: (promise: Promise<unknown>) => promises.push(promise),
    })
    expect(second.status).toBe(200)
    await expect(Promise.all(promises)).resolves.toEqual([undefined])
    await settle()
  })
})

test('signals name the delivery and never carry its body', async () => {
  const { receiver, signals } = setUp()
  await receiver.receive(staticDelivery())
  await receiver.drain()
  const about = (signal: ReceiverSignal) => ('delivery' in signal ? signal.delivery : undefined)
  expect(signals.map(about)).toEqual(Array(2).fill({ id: ID, scheme: 'static', keyId: 'whsec_...czI=' }))
})
