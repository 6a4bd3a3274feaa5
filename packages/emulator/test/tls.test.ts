import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { SELF_SIGNED } from './self-signed.ts'
import { createTestEmulator, startReceiver } from './support.ts'

const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

/** A receiver on `https:` whose certificate nobody can check, and how many requests reached it. */
async function startSelfSigned() {
  let requests = 0
  const server = createServer(SELF_SIGNED, (_, response) => {
    requests += 1
    response.writeHead(200).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `https://localhost:${port}/hook`, requests: () => requests }
}

test('a receiver with a certificate that cannot be checked gets nothing; the attempt says why and is made again', async () => {
  const receiver = await startSelfSigned()
  const emulator = createTestEmulator({ retry: { scheduleMs: [0, 5000, 30_000], jitter: 0 } })
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  const failed = { code: 'connection_failed', reason: expect.stringContaining('self-signed certificate') }
  expect(emulator.deliveries()).toMatchObject([{ state: 'pending', attempts: [failed] }])
  await emulator.clock.advance(60_000)
  expect(emulator.deliveries()).toMatchObject([{ state: 'exhausted', attempts: [failed, failed, failed] }])
  expect(receiver.requests()).toBe(0)
})

test('a receiver without TLS at an https URL is no receiver, and the attempt says why', async () => {
  const receiver = await startReceiver()
  const emulator = createTestEmulator({ retry: { scheduleMs: [0] } })
  await emulator.trigger({ ...event, uris: [receiver.url.replace('http:', 'https:')] })
  await emulator.settled()
  expect(emulator.deliveries()[0]!.attempts).toMatchObject([
    { code: 'connection_failed', reason: expect.stringMatching(/SSL|TLS|EPROTO/i) },
  ])
  expect(receiver.received).toEqual([])
})

test('an attempt at which nobody listens says so', async () => {
  const emulator = createTestEmulator({ retry: { scheduleMs: [0] } })
  await emulator.trigger({ ...event, uris: ['http://127.0.0.1:1/hook', 'http://localhost:1/hook'] })
  await emulator.settled()
  for (const { attempts } of emulator.deliveries()) {
    expect(attempts).toMatchObject([
      { code: 'connection_failed', reason: expect.stringContaining('ECONNREFUSED') },
    ])
  }
})
