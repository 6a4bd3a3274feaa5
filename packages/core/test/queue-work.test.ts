import { createReceiver, PermanentError, parseEvent, type ReceiverSignal } from '@gwh/core'
import { createMemoryQueue } from '@gwh/core/queue'
import { describe, expect, test } from 'vitest'
import { createFakeClock, NOW, SECRET, staticDelivery } from './support.ts'

function createScene(endpoint = 'default', queue = createMemoryQueue()) {
  const signals: ReceiverSignal[] = []
  const receiver = createReceiver({
    static: { secrets: SECRET },
    queue,
    endpoint,
    now: () => NOW,
    observer: (signal) => signals.push(signal),
  })
  return { receiver, queue, signals, types: () => signals.map(({ type }) => type) }
}

describe('a queue that two endpoints share', () => {
  test('loses nothing: a delivery of the other endpoint is retried and reported', async () => {
    const { queue, receiver: video } = createScene('video')
    const billing = createScene('billing', queue)
    await video.receive(staticDelivery())
    await billing.receiver.drain()
    expect(billing.types()).toEqual(['failed'])
    expect(billing.signals[0]).toMatchObject({ error: { code: 'option_invalid' } })
    expect(await queue.stats()).toMatchObject({ done: 0, retrying: 1 })
  })
})

describe('the observer is called for', () => {
  test('of a handled delivery when it is completed, with its type', async () => {
    const { receiver, signals, types } = createScene()
    receiver.on('*', () => {})
    await receiver.receive(staticDelivery())
    await receiver.drain()
    expect(types()).toEqual(['accepted', 'handled'])
    expect(signals[1]).toMatchObject({ eventType: 'batch.succeeded', attempt: 1 })
  })

  test('of a dead delivery, but not as handled', async () => {
    const { receiver, types } = createScene()
    receiver.on('*', () => {
      throw new PermanentError('no')
    })
    await receiver.receive(staticDelivery())
    await receiver.drain()
    expect(types()).toEqual(['accepted', 'dead'])
  })
})

test('a handler that fails to parse something else is retried like any other', async () => {
  const { receiver, queue } = createScene()
  receiver.on('*', () => {
    parseEvent('not JSON')
  })
  await receiver.receive(staticDelivery())
  await receiver.drain()
  expect(await queue.stats()).toMatchObject({ dead: 0, retrying: 1 })
})

test('once its time is up, a delivery does not continue with its next handler', async () => {
  const clock = createFakeClock(NOW)
  const { receiver, types } = createScene('default', createMemoryQueue({ clock }))
  const entered = Promise.withResolvers<void>()
  const leave = Promise.withResolvers<void>()
  const ran: string[] = []
  receiver.on('*', async () => {
    ran.push('first')
    entered.resolve()
    await leave.promise
  })
  receiver.on('*', () => {
    ran.push('second')
  })
  await receiver.receive(staticDelivery())
  const drained = receiver.drain({ handlerTimeoutMs: 1_000 })
  await entered.promise
  clock.advance(1_000)
  await drained
  leave.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  expect(ran).toEqual(['first'])
  expect(types()).toEqual(['accepted', 'failed'])
})
