import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { GoogleGenAI, JobState } from '@google/genai'
import { expect, onTestFinished, test } from 'vitest'
import { createEmulator, type Emulator, type EmulatorOptions } from '../src/index.ts'
import { call, register, startReceiver } from './support.ts'

const MODEL = 'gemini-3.8-flash'

function statePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-emulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'emulator.db')
}

/** An emulator with a state file whose clock stands still. */
function open(state: string, options: EmulatorOptions = {}): Emulator {
  const emulator = createEmulator({ ...options, state, random: () => 0.5 })
  emulator.clock.pause()
  onTestFinished(() => emulator.close())
  return emulator
}

const inlined = {
  batch: {
    inputConfig: { requests: { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] } },
  },
}

test('a webhook keeps its id and its secret over a restart', async () => {
  const state = statePath()
  const receiver = await startReceiver()
  const first = open(state)
  const { id } = await register(first, receiver.url)
  await first.close()
  const second = open(state)
  const { body } = await call(second, 'GET', '/v1/webhooks')
  expect(body.webhooks).toMatchObject([{ id, uri: receiver.url }])
})

test('a job goes on where it was, time that passed without a process included', async () => {
  const state = statePath()
  let real = 1_800_000_000_000
  const now = () => real
  const receiver = await startReceiver()
  const first = createEmulator({ state, now, jobs: { batchMs: 60_000 } })
  await register(first, receiver.url)
  const { body } = await call(first, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, inlined)
  await first.close()
  real += 61_000
  const second = createEmulator({ state, now })
  onTestFinished(() => second.close())
  await second.idle()
  expect(receiver.received.map((delivery) => JSON.parse(delivery.body).data.id)).toEqual([body.name])
  const { url } = await second.listen({ port: 0 })
  const ai = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: url } })
  const batch = await ai.batches.get({ name: body.name })
  expect(batch.state).toBe(JobState.JOB_STATE_SUCCEEDED)
  expect(batch.dest?.inlinedResponses?.[0]?.response?.candidates?.[0]?.content?.parts?.[0]?.text).toBe(
    'Echo: hi',
  )
})

test('a planned retry is made by the next process, not earlier than planned', async () => {
  const state = statePath()
  const receiver = await startReceiver((response, _, count) =>
    response.writeHead(count === 1 ? 500 : 200).end(),
  )
  const first = open(state)
  await first.trigger({ type: 'batch.succeeded', data: { id: 'batches/x' }, uris: [receiver.url] })
  await first.idle()
  await first.close()

  const second = open(state)
  expect(second.deliveries()).toMatchObject([{ state: 'pending', attempts: [{ attempt: 1, status: 500 }] }])
  await second.clock.advance(4999)
  expect(receiver.received).toHaveLength(1)
  await second.clock.advance(1)
  expect(second.deliveries()).toMatchObject([{ state: 'acked', attempts: [{ attempt: 1 }, { attempt: 2 }] }])
  const [one, two] = receiver.received.map(({ headers }) => headers['webhook-id'])
  expect(one).toBe(two)
})

test('an attempt that ended with the process is recorded and made again at once', async () => {
  const state = statePath()
  let arrive = () => {}
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const receiver = await startReceiver((response, _, count) => {
    if (count === 1) arrive()
    else response.writeHead(200).end()
  })
  const first = open(state)
  await first.trigger({ type: 'batch.succeeded', data: { id: 'batches/x' }, uris: [receiver.url] })
  await arrived
  await first.close()
  const second = open(state)
  await second.idle()
  expect(second.deliveries()).toMatchObject([
    {
      state: 'acked',
      attempts: [
        { attempt: 1, code: 'closed' },
        { attempt: 2, status: 200 },
      ],
    },
  ])
})

test('the clock goes on from where it was moved to', async () => {
  const state = statePath()
  const first = open(state)
  await first.clock.advance(3_600_000)
  const shown = first.clock.now()
  await first.close()
  expect(open(state).clock.now()).toBe(shown)
})

test('a state file is readable by its owner only', () => {
  const state = statePath()
  open(state)
  expect(statSync(state).mode & 0o777).toBe(0o600)
  expect(statSync(`${state}-wal`).mode & 0o777).toBe(0o600)
})

test('a second emulator on the same file is refused, and takes it once the first is closed', async () => {
  const state = statePath()
  const first = open(state)
  expect(() => createEmulator({ state })).toThrow(expect.objectContaining({ code: 'state_in_use' }))
  await first.close()
  open(state)
})

test.each([
  [
    'text',
    (path: string) =>
      writeFileSync(path, 'not a database, but long enough to be read as a header'.repeat(40)),
  ],
  [
    'a database of something else',
    (path: string) => new DatabaseSync(path).exec('CREATE TABLE users (id INTEGER)'),
  ],
  [
    'a state file of another version',
    (path: string) => new DatabaseSync(path).exec('PRAGMA user_version = 99'),
  ],
])('%s is refused as a state file', (_, write) => {
  const state = statePath()
  write(state)
  expect(() => createEmulator({ state })).toThrow(expect.objectContaining({ code: 'state_unusable' }))
})

test.each([
  ['a link', (path: string, foreign: string) => symlinkSync(foreign, path)],
  [
    'a directory with files of somebody else',
    (path: string, foreign: string) => cpSync(foreign, path, { recursive: true }),
  ],
])('%s in the place of the directory for files is refused, and nothing in it is deleted', (_, make) => {
  const state = statePath()
  const foreign = mkdtempSync(join(tmpdir(), 'gwh-foreign-'))
  onTestFinished(() => rmSync(foreign, { recursive: true }))
  writeFileSync(join(foreign, 'makefile'), 'all:')
  make(`${state}-files`, foreign)
  expect(() => createEmulator({ state })).toThrow(expect.objectContaining({ code: 'state_unusable' }))
  expect(readFileSync(join(`${state}-files`, 'makefile'), 'utf8')).toBe('all:')
})
