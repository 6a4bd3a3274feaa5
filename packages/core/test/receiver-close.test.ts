import { createMemoryQueue, createReceiver } from '@gwh/core'
import type { DeliveryQueue } from '@gwh/core/queue'
import { describe, expect, test, vi } from 'vitest'
import { createFakeClock, createWatched, NOW, SECRET, settle, staticDelivery } from './support.ts'

/** A receiver on a queue that records its closing. */
function setUp() {
  const clock = createFakeClock(NOW)
  const memory = createMemoryQueue({ clock })
  const queue: DeliveryQueue = { ...memory, close: vi.fn(() => memory.close()) }
  const create = () => createReceiver({ static: { secrets: SECRET }, queue, clock })
  return { clock, queue, create, receiver: create() }
}

/** A handler that waits until it is released. */
function createLatch() {
  const { promise, resolve } = Promise.withResolvers<void>()
  const entered = vi.fn()
  const handler = async () => {
    entered()
    await promise
  }
  return { handler, entered, open: resolve }
}

describe('closing a receiver', () => {
  test('stops its workers first, then closes its queue', async () => {
    const { queue, receiver, clock } = setUp()
    const latch = createLatch()
    receiver.on('*', latch.handler)
    const worker = receiver.work()
    await receiver.receive(staticDelivery())
    await clock.advance(0)
    const closed = receiver.close()
    await settle()
    expect([latch.entered.mock.calls.length, queue.close]).toEqual([1, expect.any(Function)])
    expect(queue.close).not.toHaveBeenCalled()
    latch.open()
    await closed
    expect(queue.close).toHaveBeenCalledTimes(1)
    await worker.stop()
  })

  test('rejects and reports a queue that cannot be closed', async () => {
    const broken = { ...createMemoryQueue(), close: () => Promise.reject(new Error('disk is gone')) }
    const { receiver, signals } = createWatched({ queue: broken })
    await expect(receiver.close()).rejects.toThrow('disk is gone')
    expect(signals).toMatchObject([{ type: 'fault', code: 'store_unavailable' }])
  })

  test('waits for running drains', async () => {
    const { queue, receiver } = setUp()
    const latch = createLatch()
    receiver.on('*', latch.handler)
    await receiver.receive(staticDelivery())
    const drained = receiver.drain()
    await settle()
    const closed = receiver.close()
    await settle()
    expect(queue.close).not.toHaveBeenCalled()
    latch.open()
    await expect(drained).resolves.toEqual({ processed: 1 })
    await closed
    expect(queue.close).toHaveBeenCalledTimes(1)
  })

  test('waits for open deliveries, and answers them', async () => {
    const { queue, receiver } = setUp()
    const { headers, body } = staticDelivery()
    const arriving = Promise.withResolvers<Uint8Array>()
    const answer = receiver.receive({ headers, body: () => arriving.promise })
    const closed = receiver.close()
    await settle()
    expect(queue.close).not.toHaveBeenCalled()
    arriving.resolve(body)
    await expect(answer).resolves.toMatchObject({ status: 200 })
    await closed
    expect(queue.close).toHaveBeenCalledTimes(1)
  })

  test('waits no longer than timeoutMs', async () => {
    const { queue, receiver, clock } = setUp()
    const { headers } = staticDelivery()
    receiver.receive({ headers, body: () => new Promise(() => {}) })
    const closed = receiver.close({ timeoutMs: 500 })
    await clock.advance(499)
    expect(queue.close).not.toHaveBeenCalled()
    await clock.advance(1)
    await closed
    expect(queue.close).toHaveBeenCalledTimes(1)
  })

  test('is safe to repeat, and closes once', async () => {
    const { queue, receiver } = setUp()
    await Promise.all([receiver.close(), receiver.close()])
    await receiver.close()
    expect(queue.close).toHaveBeenCalledTimes(1)
  })

  test('leaves a shared queue to the last receiver that uses it', async () => {
    const { queue, create, receiver } = setUp()
    const other = create()
    await receiver.close()
    await receiver.close()
    expect(queue.close).not.toHaveBeenCalled()
    expect((await other.receive(staticDelivery())).status).toBe(200)
    await other.close()
    expect(queue.close).toHaveBeenCalledTimes(1)
  })

  test('closes the store of inline mode', async () => {
    const store = { claim: vi.fn(), complete: vi.fn(), release: vi.fn(), close: vi.fn(async () => {}) }
    await createReceiver({ static: { secrets: SECRET }, store }).close()
    expect(store.close).toHaveBeenCalledTimes(1)
  })

  test('rejects when its queue cannot be closed', async () => {
    const queue = { ...createMemoryQueue(), close: () => Promise.reject(new Error('disk')) }
    await expect(createReceiver({ static: { secrets: SECRET }, queue }).close()).rejects.toThrow('disk')
  })
})

describe('a closed receiver', () => {
  test('answers later deliveries with draining, so that senders retry', async () => {
    const { receiver } = setUp()
    const closed = receiver.close()
    const answer = await receiver.receive(staticDelivery())
    expect(answer).toMatchObject({ status: 503, body: '{"error":"draining"}' })
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(30)
    await closed
  })

  test('neither works nor drains', async () => {
    const { receiver } = setUp()
    await receiver.close()
    expect(() => receiver.work()).toThrow(expect.objectContaining({ code: 'draining' }))
    await expect(receiver.drain()).rejects.toMatchObject({ code: 'draining' })
  })
})
