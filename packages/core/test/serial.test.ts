import { createReceiver } from '@gwh/core'
import { createMemoryQueue, type QueuedDelivery } from '@gwh/core/queue'
import { describe, expect, test } from 'vitest'
import { serialise } from '../src/lib/queue/serial.ts'
import { NOW, SECRET, staticDelivery } from './support.ts'

const context = { attempt: 1, signal: new AbortController().signal }
const message = (id: string) => ({ id }) as QueuedDelivery

/** A process function whose runs end on demand. */
function createSteps() {
  const started: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  const process = async ({ id }: QueuedDelivery) => {
    started.push(id)
    const end = Promise.withResolvers<void>()
    ends.set(id, end)
    await end.promise
  }
  return { started, ends, process }
}

describe('deliveries of one kind', () => {
  test('wait for each other, those of another do not', async () => {
    const { started, ends, process } = createSteps()
    const serial = serialise(process, ({ id }) => id[0])
    const runs = ['a1', 'a2', 'b1'].map((id) => serial(message(id), context))
    await Promise.resolve()
    await Promise.resolve()
    expect(started.sort()).toEqual(['a1', 'b1'])
    ends.get('a1')!.resolve()
    await runs[0]
    await Promise.resolve()
    expect(started).toContain('a2')
  })

  test('continue after one of them has failed', async () => {
    const { started, ends, process } = createSteps()
    const serial = serialise(process, () => 'same')
    const first = serial(message('1'), context)
    const second = serial(message('2'), context)
    await Promise.resolve()
    await Promise.resolve()
    ends.get('1')!.reject(new RangeError('handler'))
    await expect(first).rejects.toThrow('handler')
    await Promise.resolve()
    ends.get('2')!.resolve()
    await expect(second).resolves.toBeUndefined()
    expect(started).toEqual(['1', '2'])
  })

  test('of no kind wait for nothing', async () => {
    const { started, process } = createSteps()
    const serial = serialise(process, () => undefined)
    serial(message('1'), context)
    serial(message('2'), context)
    expect(started).toEqual(['1', '2'])
  })
})

test('a receiver with serialPerJob never handles two events of one job concurrently', async () => {
  const receiver = createReceiver({ static: { secrets: SECRET }, queue: createMemoryQueue(), now: () => NOW })
  const running = new Map<string, number>()
  let most = 0
  let handled = 0
  const all = Promise.withResolvers<void>()
  receiver.on('*', async (event) => {
    running.set(event.id!, (running.get(event.id!) ?? 0) + 1)
    most = Math.max(most, running.get(event.id!)!)
    await Promise.resolve()
    running.set(event.id!, running.get(event.id!)! - 1)
    if (++handled === 20) all.resolve()
  })
  for (let index = 0; index < 20; index++) {
    const body = JSON.stringify({ type: 'batch.succeeded', data: { id: `job${index % 2}` } })
    await receiver.receive(staticDelivery({ id: `msg_${index}`, body }))
  }
  const worker = receiver.work({ serialPerJob: true })
  await all.promise
  await worker.stop()
  expect(most).toBe(1)
})

test('a delivery that is aborted while it waits is not handled and blocks no other', async () => {
  const { started, ends, process } = createSteps()
  const serial = serialise(process, () => 'same')
  const first = serial(message('1'), context)
  const controller = new AbortController()
  const second = serial(message('2'), { attempt: 1, signal: controller.signal })
  const third = serial(message('3'), context)
  controller.abort(new RangeError('time is up'))
  await expect(second).rejects.toThrow('time is up')
  ends.get('1')!.resolve()
  await first
  await new Promise((resolve) => setImmediate(resolve))
  expect(started).toEqual(['1', '3'])
  ends.get('3')!.resolve()
  await third
})

test('no delivery waits for an aborted handler that never ends', async () => {
  const { started, process } = createSteps()
  const serial = serialise(process, () => 'same')
  const controller = new AbortController()
  const first = serial(message('1'), { attempt: 1, signal: controller.signal })
  serial(message('2'), context)
  await new Promise((resolve) => setImmediate(resolve))
  controller.abort(new RangeError('time is up'))
  await expect(first).rejects.toThrow('time is up')
  await new Promise((resolve) => setImmediate(resolve))
  expect(started).toEqual(['1', '2'])
})
