import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createEmulator, type EmulatorOptions } from '../src/index.ts'
import { createTestEmulator, startEmulator, startReceiver } from './support.ts'

const globalClasses = [globalThis.Request, globalThis.Response]

const MINUTE_MS = 60_000
const START = Date.UTC(2026, 10, 20, 12)
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

test('an unknown option, or a number out of range, is a TypeError at construction', () => {
  const wrong: unknown[] = [
    { job: {} },
    { jobs: { batchMS: 1 } },
    { retry: { schedule: [] } },
    { jobs: { batchMs: Number.NaN } },
    { jobs: { interactionMs: -1 } },
    { retry: { scheduleMs: [] } },
    { retry: { scheduleMs: [0, -5] } },
    { retry: { scheduleMs: [0, 5, 5] } },
    { retry: { jitter: 1.1 } },
    { retry: { giveUpAfterMs: Number.POSITIVE_INFINITY } },
    { retry: { timeoutMs: 0 } },
    { timeScale: 0 },
    { timeScale: '2' },
    { now: 5 },
    { fetch: {} },
    { allowRemote: 'yes' },
    { lookup: 'dns' },
    null,
  ]
  for (const options of wrong) {
    expect(() => createEmulator(options as EmulatorOptions), JSON.stringify(options)).toThrow(TypeError)
  }
})

test('options are copied at construction', async () => {
  const scheduleMs = [0, 1000]
  const emulator = createTestEmulator({ retry: { scheduleMs } })
  scheduleMs.push(2000)
  const receiver = await startReceiver((response) => void response.writeHead(500).end())
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(MINUTE_MS)
  expect(receiver.received).toHaveLength(2)
})

test('the clock follows the injected time at its scale', () => {
  let real = START
  const emulator = createEmulator({ now: () => real, timeScale: 60 })
  real += 1000
  expect(emulator.clock.now()).toBe(START + MINUTE_MS)
  emulator.clock.pause()
  real += 1000
  expect(emulator.clock.now()).toBe(START + MINUTE_MS)
  emulator.clock.resume()
  real += 1000
  expect(emulator.clock.now()).toBe(START + 2 * MINUTE_MS)
})

test('advancing moves time by exactly what was asked, also from two callers at once', async () => {
  const emulator = createEmulator({ now: () => START })
  await Promise.all([emulator.clock.advance(1000), emulator.clock.advance(500)])
  expect(emulator.clock.now()).toBe(START + 1500)
  await expect(emulator.clock.advance(-1)).rejects.toThrow(TypeError)
  await expect(emulator.clock.advance(Number.NaN)).rejects.toThrow(TypeError)
  expect(emulator.clock.now()).toBe(START + 1500)
})

test('time stands still while a receiver is asked', async () => {
  let real = START
  // Real time moves at every look, as it does for a receiver that takes a while.
  const emulator = createEmulator({ now: () => (real += 100) })
  onTestFinished(() => emulator.close())
  const start = emulator.clock.now()
  const seen: number[] = []
  const receiver = await startReceiver((response) => {
    seen.push(emulator.clock.now() - start)
    response.writeHead(seen.length < 3 ? 500 : 200).end()
  })
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(MINUTE_MS)
  const attempts = emulator.deliveries()[0]!.attempts
  expect(seen).toEqual(attempts.map(({ startedAt }) => startedAt - start))
})

test('a server can be started once, and not after closing', async () => {
  const { emulator, url } = await startEmulator()
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  await expect(emulator.listen({ port: 0 })).rejects.toMatchObject({ code: 'already_listening' })
  await emulator.close()
  await emulator.close()
  await expect(emulator.listen({ port: 0 })).rejects.toMatchObject({ code: 'closed' })
  await expect(emulator.trigger(event)).rejects.toMatchObject({ code: 'closed' })
  expect((await emulator.fetch(new Request(`${url}/_gwh/health`))).status).toBe(503)
  await expect(fetch(`${url}/_gwh/health`)).rejects.toThrow()
})

test('a port that is taken is reported, and another can be tried', async () => {
  const { url } = await startEmulator()
  const second = createTestEmulator()
  const port = Number(new URL(url).port)
  await expect(second.listen({ port })).rejects.toMatchObject({ code: 'listen_failed' })
  expect((await second.listen({ port: 0 })).url).not.toBe(url)
})

test('a wildcard address is served under the loopback name', async () => {
  const emulator = createTestEmulator()
  const { url } = await emulator.listen({ port: 0, hostname: '0.0.0.0' })
  expect((await fetch(`${url}/_gwh/health`)).status).toBe(200)
})

test('serving leaves the global Request and Response classes alone', async () => {
  await startEmulator()
  expect([globalThis.Request, globalThis.Response]).toEqual(globalClasses)
})

test('closing does not wait for a request that never ends', async () => {
  const { emulator, url } = await startEmulator()
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const broken = new Promise((resolve) => socket.once('close', resolve).once('error', () => {}))
  const head = 'POST /v1/webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n'
  await new Promise<void>((resolve) => socket.write(head, () => resolve()))
  await emulator.close()
  await broken
})
