import { createMemoryQueue, type Receiver } from '@gwh/core'
import { expect, test } from 'vitest'
import { createFakeClock, createWatched, NOW, staticDelivery } from './support.ts'

test.each([
  ['nobody causes one warning', ['queue_not_worked'], async () => {}],
  ['a worker causes none', [], async (receiver: Receiver) => void receiver.work()],
  ['drains causes none', [], async (receiver: Receiver) => void (await receiver.drain())],
  ['another process causes none', [], async (_: Receiver, other: Receiver) => void (await other.drain())],
])('a queue that is worked on by %s', async (_, expected, work) => {
  const clock = createFakeClock(NOW)
  const queue = createMemoryQueue({ clock })
  const { receiver, signals } = createWatched({ queue, clock, now: clock.now })
  const { receiver: other } = createWatched({ queue, clock, now: clock.now })
  // Deliveries that wait to be tried again are no sign that nobody works.
  receiver.on('*', () => Promise.reject(new Error('not yet')))
  for (let count = 0; count < 5; count++) {
    await receiver.receive(staticDelivery({ id: `msg_${count}` }))
    await work(receiver, other)
    await clock.advance(10_000)
  }
  await receiver.close()
  const warnings = signals.filter((signal) => signal.type === 'warning').map(({ code }) => code)
  expect(warnings).toEqual(expected)
})
