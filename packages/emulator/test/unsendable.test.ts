import { expect, test } from 'vitest'
import type { EmulatorOptions, EmulatorSignal } from '../src/index.ts'
import { call, createTestEmulator, startReceiver, temporaryFolder } from './support.ts'

const MODEL = 'gemini-3.8-flash'
const HOUR_MS = 3_600_000
const request = { contents: [{ parts: [{ text: 'hi' }] }] }
const inputConfig = { requests: { requests: [{ request }] } }

/** An object that is nested as often as it says. */
function nested(levels: number): Record<string, unknown> {
  let value = {}
  for (let level = 1; level < levels; level += 1) value = { a: value }
  return value
}

/** An emulator with a state file, and how often its work failed. */
function start(options: EmulatorOptions = {}) {
  const failures: EmulatorSignal[] = []
  const emulator = createTestEmulator({
    state: `${temporaryFolder()}/state.db`,
    observer: (signal) => signal.type === 'work_failed' && failures.push(signal),
    ...options,
  })
  return { emulator, failures }
}

test.each([
  ['too many levels', nested(20_000)],
  ['more levels than JSON over HTTP may have', nested(201)],
  ['a number that JSON has not', { n: 1n }],
  [
    'a circle',
    (() => {
      const circle: Record<string, unknown> = {}
      circle.circle = circle
      return circle
    })(),
  ],
])(
  'what is given in code and has %s is refused as over HTTP, and nothing is left of it',
  async (_, value) => {
    const { emulator, failures } = start()
    const before = emulator.export()
    const uris = ['http://127.0.0.1:1/hook']
    for (const event of [
      { data: value, uris },
      { userMetadata: value, uris },
    ]) {
      await expect(emulator.trigger({ type: 'batch.succeeded', ...event })).rejects.toThrow(TypeError)
    }
    const then = { outcome: 'requires_action', requiresAction: [{ name: 'f', arguments: value }] } as const
    expect(() => emulator.scenarios.add({ then })).toThrow(TypeError)
    expect(() => emulator.scenarios.add({ when: { metadata: value }, then: {} })).toThrow(TypeError)
    expect(() => createTestEmulator({ scenarios: [{ then }] })).toThrow(TypeError)
    const { body } = await call(emulator, 'POST', '/v1/interactions', {
      model: MODEL,
      input: 'hi',
      background: true,
    })
    await expect(emulator.finish(body.id, then)).rejects.toThrow(TypeError)
    await call(emulator, 'DELETE', `/v1/interactions/${body.id}`)
    expect(emulator.export()).toEqual(before)
    await emulator.clock.advance(HOUR_MS)
    await emulator.settled()
    expect(failures).toEqual([])
  },
)

test('a job whose event can never be sent ends as failed, says why, and stops nothing else', async () => {
  const { emulator, failures } = start({ limits: { deliveries: 1 } })
  const receiver = await startReceiver()
  const create = async (uris: string[]) => {
    const batch = { inputConfig, webhookConfig: { uris } }
    return (await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, { batch })).body.name
  }
  const impossible = await create([receiver.url, receiver.url])
  const possible = await create([receiver.url])
  await emulator.clock.advance(HOUR_MS)
  await emulator.settled()
  expect((await call(emulator, 'GET', `/v1/${impossible}`)).body).toMatchObject({
    metadata: { state: 'BATCH_STATE_FAILED' },
    error: { code: 13, message: expect.stringContaining('limits.deliveries') },
  })
  expect((await call(emulator, 'GET', `/v1/${possible}`)).body.metadata.state).toBe('BATCH_STATE_SUCCEEDED')
  expect(receiver.received.map(({ body }) => JSON.parse(body).data.id)).toEqual([possible])
  expect(failures).toEqual([])
  expect(emulator.export().records.job).toHaveLength(2)
})

test('a job whose event has no room yet ends once there is room', async () => {
  const { emulator } = start({
    limits: { deliveries: 1 },
    retry: { scheduleMs: [0, 60_000] },
    fetch: async () => new Response(null, { status: 500 }),
  })
  await emulator.trigger({ type: 'batch.succeeded', data: { id: 'x' }, uris: ['http://127.0.0.1:1/hook'] })
  const batch = { inputConfig, webhookConfig: { uris: ['http://127.0.0.1:1/hook'] } }
  const { body } = await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, { batch })
  await emulator.clock.advance(HOUR_MS)
  await emulator.settled()
  expect(emulator.deliveries()).toMatchObject([{ jobId: body.name, state: 'exhausted' }])
})

test('an attempt whose request cannot be made counts as one, says why, and stops nothing else', async () => {
  const { emulator, failures } = start({ signing: 'jwt' })
  const receiver = await startReceiver()
  const trigger = () =>
    emulator.trigger({ type: 'batch.succeeded', data: { id: 'batches/x' }, uris: [receiver.url] })
  await trigger()
  await emulator.settled()
  const snapshot = JSON.parse(JSON.stringify(emulator.export()))
  for (const { jwk } of snapshot.records.key) Object.assign(jwk, { n: 'AA', d: 'AA', p: 'AA', q: 'AA' })
  emulator.import(snapshot)
  await trigger()
  await emulator.clock.advance(25 * HOUR_MS)
  await emulator.settled()
  const [, broken] = emulator.deliveries()
  expect(broken).toMatchObject({ state: 'exhausted' })
  expect(new Set(broken!.attempts.map(({ code }) => code))).toEqual(new Set(['request_failed']))
  expect(broken!.attempts).toHaveLength(12)
  expect(receiver.received).toHaveLength(1)
  expect(failures).toEqual([])
})

test('a line of an input file that is nested too deeply fails the batch with its number', async () => {
  const { emulator } = start()
  const headers = {
    'x-goog-upload-protocol': 'resumable',
    'x-goog-upload-command': 'start',
    'x-goog-api-key': 'k',
  }
  const started = await call(emulator, 'POST', '/upload/v1beta/files', {}, headers)
  const line = JSON.stringify({ key: 'a', request, metadata: nested(1000) })
  const { body } = await call(
    emulator,
    'POST',
    new URL(started.headers.get('x-goog-upload-url')!).pathname +
      new URL(started.headers.get('x-goog-upload-url')!).search,
    `${JSON.stringify({ request })}\n${line}\n`,
    { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' },
  )
  const batch = { inputConfig: { fileName: body.file.name } }
  const created = await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, { batch })
  await emulator.clock.advance(HOUR_MS)
  expect((await call(emulator, 'GET', `/v1/${created.body.name}`)).body.error).toMatchObject({
    code: 3,
    message: expect.stringContaining('line 2'),
  })
})
