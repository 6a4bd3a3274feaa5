import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createEmulator, type EmulatorOptions, type EmulatorSignal } from '../src/index.ts'
import { call, startReceiver, temporaryFolder } from './support.ts'

const HOUR_MS = 3_600_000
const event = { type: 'batch.succeeded', data: { id: 'batches/x' } }

/** An emulator whose state file a test can make unwritable, as a full disk does. */
function start(options: EmulatorOptions = {}) {
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
  const signals: EmulatorSignal[] = []
  const state = `${temporaryFolder()}/state.db`
  const emulator = createEmulator({
    state,
    random: () => 0.5,
    observer: (signal) => signals.push(signal),
    ...options,
  })
  const database = exec.mock.contexts.at(-1) as DatabaseSync
  exec.mockRestore()
  emulator.clock.pause()
  const setWritable = (writable: boolean) => database.exec(`PRAGMA query_only = ${writable ? 'OFF' : 'ON'}`)
  onTestFinished(() => emulator.close())
  const failures = () => signals.filter(({ type }) => type === 'work_failed')
  return { emulator, state, setWritable, failures }
}

test('an attempt that cannot be recorded is not sent, and is sent once it can be', async () => {
  const { emulator, setWritable, failures } = start({ retry: { scheduleMs: [1000, 5000] } })
  const receiver = await startReceiver()
  await emulator.trigger({ ...event, uris: [receiver.url] })
  setWritable(false)
  await emulator.clock.advance(HOUR_MS)
  expect(receiver.received).toEqual([])
  expect(emulator.deliveries()).toMatchObject([{ state: 'pending', attempts: [] }])
  expect(failures()[0]).toMatchObject({
    error: { code: 'state_unusable', cause: expect.objectContaining({ code: 'ERR_SQLITE_ERROR' }) },
  })
  const waits = failures().map((failure) => 'triesAgainAt' in failure && failure.triesAgainAt - failure.at)
  expect(waits.filter((wait) => wait !== 0).slice(0, 4)).toEqual([1000, 2000, 4000, 8000])
  expect(waits.filter((wait) => wait !== 0).at(-1)).toBe(600_000)
  setWritable(true)
  await emulator.clock.advance(HOUR_MS)
  expect(receiver.received).toHaveLength(1)
  expect(emulator.deliveries()).toMatchObject([{ state: 'acked', attempts: [{ attempt: 1 }] }])
})

test('a result that cannot be recorded is recorded later, and the attempt is not made again', async () => {
  const { emulator, setWritable, failures } = start()
  const receiver = await startReceiver((response) => {
    setWritable(false)
    response.writeHead(200).end()
  })
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.clock.advance(HOUR_MS)
  expect(failures()).not.toEqual([])
  expect(emulator.deliveries()).toMatchObject([{ state: 'pending' }])
  setWritable(true)
  await emulator.clock.advance(HOUR_MS)
  expect(emulator.deliveries()).toMatchObject([{ state: 'acked', attempts: [{ attempt: 1, status: 200 }] }])
  expect(receiver.received).toHaveLength(1)
})

test('a process that ends before the result is recorded makes the attempt again', async () => {
  const { emulator, state, setWritable } = start()
  const receiver = await startReceiver((response, _, count) => {
    if (count === 1) setWritable(false)
    response.writeHead(200).end()
  })
  await emulator.trigger({ ...event, uris: [receiver.url] })
  await emulator.idle()
  await emulator.close()
  const next = createEmulator({ state })
  onTestFinished(() => next.close())
  await next.idle()
  expect(next.deliveries()).toMatchObject([
    { state: 'acked', attempts: [{ attempt: 1, code: 'closed' }, { attempt: 2 }] },
  ])
})

test('a job whose end cannot be stored ends later, and is announced once', async () => {
  const { emulator, setWritable } = start({ jobs: { batchMs: 1000 } })
  const receiver = await startReceiver()
  const batch = {
    inputConfig: { requests: { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] } },
    webhookConfig: { uris: [receiver.url] },
  }
  const { body } = await call(emulator, 'POST', '/v1/models/m:batchGenerateContent', { batch })
  setWritable(false)
  const cancelled = await call(emulator, 'POST', `/v1/${body.name}:cancel`, {})
  expect(cancelled.status).toBe(500)
  await emulator.clock.advance(HOUR_MS)
  expect(receiver.received).toEqual([])
  setWritable(true)
  await emulator.clock.advance(HOUR_MS)
  expect(receiver.received.map((delivery) => JSON.parse(delivery.body).type)).toEqual(['batch.succeeded'])
  expect(receiver.received).toHaveLength(1)
})

test('the clock can be moved, paused and resumed all the same', async () => {
  const { emulator, setWritable, failures } = start()
  const before = emulator.clock.now()
  setWritable(false)
  await emulator.clock.advance(1000)
  emulator.clock.resume()
  emulator.clock.pause()
  expect(emulator.clock.now()).toBeGreaterThanOrEqual(before + 1000)
  expect(failures()).not.toEqual([])
})

test('what a caller asks for and cannot be stored fails, and leaves nothing behind', async () => {
  const { emulator, setWritable } = start()
  setWritable(false)
  await expect(emulator.trigger({ ...event, uris: ['http://127.0.0.1:9/'] })).rejects.toMatchObject({
    code: 'state_unusable',
  })
  const body = { uri: 'https://a.example/', subscribed_events: ['batch.succeeded'] }
  expect((await call(emulator, 'POST', '/v1/webhooks', body)).status).toBe(500)
  setWritable(true)
  expect((await call(emulator, 'GET', '/v1/webhooks')).body).toEqual({})
  await emulator.clock.advance(HOUR_MS)
  expect(emulator.deliveries()).toEqual([])
})

test('an import that cannot be stored leaves everything as it was, and running', async () => {
  const { emulator, setWritable } = start({ jobs: { batchMs: 30_000 } })
  const receiver = await startReceiver((response, _, count) => {
    response.writeHead(count === 1 ? 500 : 200).end()
  })
  const snapshot = emulator.export()
  await emulator.trigger({ ...event, uris: [receiver.url] })
  const batch = {
    inputConfig: { requests: { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] } },
    webhookConfig: { uris: [receiver.url] },
  }
  await call(emulator, 'POST', '/v1/models/m:batchGenerateContent', { batch })
  await emulator.idle()
  setWritable(false)
  expect(() => emulator.import(snapshot)).toThrow(expect.objectContaining({ code: 'state_unusable' }))
  setWritable(true)
  await emulator.clock.advance(HOUR_MS)
  expect(emulator.deliveries()).toMatchObject([{ state: 'acked' }, { state: 'acked' }])
  expect(receiver.received).toHaveLength(3)
})
