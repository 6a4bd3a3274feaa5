// Recorded by @gwh/emulator. Start the receiver, with the secret and the URL below, before this test.
import { createEmulator } from '@gwh/emulator'
import { expect, onTestFinished, test } from 'vitest'

const uri = process.env.RECEIVER_URL ?? 'http://127.0.0.1:3000/webhooks/gemini'

test('what was recorded: 2 deliveries', async () => {
  const webhooks = [{ uri, secret: process.env.GEMINI_WEBHOOK_SECRET! }]
  // One attempt each: the receiver is there.
  const emulator = createEmulator({ webhooks, retry: { scheduleMs: [0] } })
  onTestFinished(() => emulator.close())
  await emulator.trigger({
    type: 'batch.succeeded',
    data: { id: 'batches/"x"' },
    userMetadata: { a: "it's" },
  })
  await emulator.settled()
  await emulator.trigger({ type: 'video.generated', data: { id: 'v' }, uris: [uri] })
  await emulator.settled()
  const ends = emulator
    .deliveries()
    .map(({ eventType, state, attempts }) => [eventType, state, attempts.at(-1)?.status])
  expect(ends).toEqual([
    ['batch.succeeded', 'acked', 200],
    ['video.generated', 'exhausted', 401],
  ])
})
