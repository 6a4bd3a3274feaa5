import { createMemoryQueue } from '@gwh/core'
import { expect, test } from 'vitest'
import { reportHeldDeliveries } from '../src/lib/receiver/held-deliveries.ts'
import { createFakeClock, createWatched, NOW, settle, staticDelivery } from './support.ts'

/** Two receivers on one queue. The handlers of the first one end only when the test says so. */
async function setUp(deliveries = 1) {
  const leave = Promise.withResolvers<void>()
  const clock = createFakeClock(NOW)
  const queue = createMemoryQueue({ clock })
  const options = { queue, clock, now: clock.now }
  const { receiver: first, signals } = createWatched(options)
  first.on('*', () => leave.promise)
  for (let count = 0; count < deliveries; count++) await first.receive(staticDelivery({ id: `msg_${count}` }))
  return { clock, queue, options, first, signals, leave: leave.resolve, left: leave.promise }
}

const warningsIn = (signals: readonly { type: string }[]) => signals.filter(({ type }) => type === 'warning')

const TWO_IN_PROGRESS = {
  type: 'warning',
  code: 'queue_in_progress',
  message: expect.stringMatching(/^deliveries in progress when this worker started: 2\. .* in 58 s$/),
}

test('a worker that starts while deliveries are in progress says how many, and when the last lease ends', async () => {
  const { clock, options, first, leave } = await setUp(2)
  first.work()
  await settle()
  await clock.advance(2_500)
  const { receiver, signals } = createWatched(options)
  receiver.work()
  receiver.work()
  await settle()
  expect(warningsIn(signals)).toEqual([TWO_IN_PROGRESS])
  leave()
  await receiver.close()
})

test('a worker says so even if one before could not start', async () => {
  const { clock, options, first, leave } = await setUp(2)
  first.work()
  await settle()
  await clock.advance(2_500)
  const { receiver, signals } = createWatched(options)
  expect(() => receiver.work({ concurrency: 0 })).toThrow(expect.objectContaining({ code: 'option_invalid' }))
  await settle()
  signals.length = 0
  receiver.work()
  await settle()
  expect(warningsIn(signals)).toEqual([TWO_IN_PROGRESS])
  leave()
  await receiver.close()
})

test('a worker says nothing about deliveries that it has claimed itself', async () => {
  const { queue, options, leave, left } = await setUp()
  const list: typeof queue.list = async (filter) => {
    await settle()
    return await queue.list(filter)
  }
  const { receiver, signals } = createWatched({ ...options, queue: { ...queue, list } })
  receiver.on('*', () => left)
  receiver.work()
  await settle()
  await settle()
  expect(await queue.stats()).toMatchObject({ running: 1 })
  expect(warningsIn(signals)).toEqual([])
  leave()
  await receiver.close()
})

test('a worker on a queue that cannot be read starts', async () => {
  const { queue, options, leave } = await setUp()
  const list = () => Promise.reject(new Error('down'))
  const { receiver, signals } = createWatched({ ...options, queue: { ...queue, list } })
  receiver.work()
  leave()
  await settle()
  expect(warningsIn(signals)).toEqual([])
  await receiver.close()
})

test('a clock that fails leaves no rejection behind', async () => {
  const { queue } = await setUp()
  const now = () => {
    throw new Error('no time')
  }
  await expect(reportHeldDeliveries(queue, now, undefined, () => {})).resolves.toBeUndefined()
})
