import type { ServerResponse } from 'node:http'
import { expect, test, vi } from 'vitest'
import { createTestEmulator, startReceiver } from './support.ts'

const DAY_MS = 24 * 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

test('a delivery of last week is sent again', async () => {
  const emulator = createTestEmulator()
  const receiver = await startReceiver()
  const { webhookIds } = await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(7 * DAY_MS)
  await emulator.redeliver(webhookIds[0]!)
  await emulator.idle()
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([
    webhookIds[0],
    webhookIds[0],
  ])
  expect(emulator.deliveries()).toMatchObject([{ state: 'acked', attempts: [{}, { status: 200 }] }])
})

/** A receiver that answers when a test says so. */
async function startHolding() {
  const held: ServerResponse[] = []
  const receiver = await startReceiver((response) => void held.push(response))
  const answer = (index: number, status: number) => void held[index]!.writeHead(status).end()
  const arrived = (count: number) => vi.waitFor(() => expect(held).toHaveLength(count))
  return { receiver, answer, arrived }
}

test('a delivery that is sent again while an attempt runs has both on record', async () => {
  const emulator = createTestEmulator()
  const { receiver, answer, arrived } = await startHolding()
  const { webhookIds } = await emulator.trigger({ ...event, uris: [receiver.url] })
  await arrived(1)
  await emulator.redeliver(webhookIds[0]!)
  await arrived(2)
  answer(0, 500)
  await vi.waitFor(() => expect(emulator.deliveries()).toMatchObject([{ attempts: [{ status: 500 }, {}] }]))
  answer(1, 200)
  await emulator.clock.advance(2 * DAY_MS)
  expect(emulator.deliveries()).toMatchObject([
    {
      state: 'acked',
      attempts: [
        { attempt: 1, status: 500 },
        { attempt: 2, status: 200 },
      ],
    },
  ])
  expect(receiver.received).toHaveLength(2)
})

test('a delivery that waits for its turn is sent once, though it was asked for again', async () => {
  const emulator = createTestEmulator()
  const { receiver, answer, arrived } = await startHolding()
  for (let count = 0; count < 32; count += 1) await emulator.trigger({ ...event, uris: [receiver.url] })
  await arrived(32)
  const { webhookIds } = await emulator.trigger({ ...event, uris: [receiver.url] })
  // Timers fire in order, so after one of ours its own has fired and it stands in line.
  await new Promise((resolve) => setTimeout(resolve))
  await emulator.redeliver(webhookIds[0]!)
  await new Promise((resolve) => setTimeout(resolve))
  answer(0, 200)
  await arrived(33)
  for (let index = 1; index < 32; index += 1) answer(index, 200)
  const acked = () => emulator.deliveries().filter(({ state }) => state === 'acked')
  await vi.waitFor(() => expect(acked()).toHaveLength(32))
  answer(32, 200)
  await emulator.idle()
  expect(receiver.received).toHaveLength(33)
  expect(emulator.deliveries().at(-1)).toMatchObject({ state: 'acked', attempts: [{ attempt: 1 }] })
})

test.each([undefined, { webhookId: 'msg_1' }])(
  'redeliver says that it needs a webhook-id: %j',
  async (wrong) => {
    const emulator = createTestEmulator()
    const redelivery = emulator.redeliver(wrong as unknown as string)
    await expect(redelivery).rejects.toThrow(/webhook-id is needed.*delivery\.webhookId/)
    await expect(redelivery).rejects.toThrow(TypeError)
  },
)
