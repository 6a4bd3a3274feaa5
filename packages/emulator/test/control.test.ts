import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JobState } from '@google/genai'
import { expect, onTestFinished, test } from 'vitest'
import { createEmulator, type Emulator, type EmulatorOptions, loadScenarios } from '../src/index.ts'
import { call, createTestEmulator, expectedV1, register, startEmulator, startReceiver } from './support.ts'

const MODEL = 'gemini-3.8-flash'
const inlined = (text: string) => ({ contents: [{ parts: [{ text }] }] })
const SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

test('everything under /_gwh but health wants the bearer token', async () => {
  const emulator = createTestEmulator()
  const paths = ['deliveries', 'export', 'clock', 'scenarios', 'nothing']
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: emulator.controlToken }]) {
    for (const path of paths) {
      const { status, body } = await call(emulator, 'GET', `/_gwh/${path}`, undefined, headers)
      expect([status, body.error.code]).toEqual([401, 'control_token_missing'])
    }
  }
  expect((await call(emulator, 'GET', '/_gwh/health', undefined, {})).status).toBe(200)
  expect((await call(emulator, 'GET', '/_gwh/clock')).status).toBe(200)
  expect(JSON.stringify(await call(emulator, 'GET', '/_gwh/deliveries', undefined, {}))).not.toContain(
    emulator.controlToken,
  )
})

test('a token can be chosen, but not one that is easily guessed', () => {
  expect(createTestEmulator({ controlToken: 'a-token-for-the-tests' }).controlToken).toBe(
    'a-token-for-the-tests',
  )
  expect(() => createEmulator({ controlToken: 'short' })).toThrow(TypeError)
  expect(() => createEmulator({ controlToken: 'with a space in it, and long' })).toThrow(TypeError)
})

test('webhooks of the options are registered before the first request, with their secrets', async () => {
  const receiver = await startReceiver()
  const webhooks = [{ uri: receiver.url, secret: SECRET, events: ['batch.succeeded'], name: 'mine' }]
  const { ai, emulator } = await startEmulator({ webhooks })
  expect((await ai.webhooks.list()).webhooks).toMatchObject([{ uri: receiver.url, name: 'mine' }])
  await ai.batches.create({ model: MODEL, src: [inlined('one')] })
  await emulator.clock.advance(1500)
  const [delivery] = receiver.received
  expect(delivery!.headers['webhook-signature']).toBe(expectedV1(delivery!, SECRET))
})

test('wrong webhooks and scenarios in the options are a TypeError that says what is wrong', () => {
  const wrong: [unknown, RegExp][] = [
    [{ webhooks: [{ uri: 'ftp://x' }] }, /uri/],
    [{ webhooks: [{ uri: 'http://127.0.0.1/', secret: 'whsec_short' }] }, /whsec_/],
    [{ webhooks: [{ uri: 'http://127.0.0.1/', events: ['batch.suceeded'] }] }, /events\[0\]/],
    [{ webhooks: [{ url: 'http://127.0.0.1/' }] }, /url/],
    [{ scenarios: [{ when: { kind: 'batches' }, then: {} }] }, /when\.kind/],
    [{ scenarios: [{ then: { outcome: 'suceeded' } }] }, /Supported values: 'succeeded'/],
    [{ scenarios: [{ when: { kind: 'batch' }, then: { outcome: 'requires_action' } }] }, /requires_action/],
    [{ scenarios: [{ then: { afterMs: -1 } }] }, /afterMs/],
    [{ scenarios: [{}] }, /then/],
  ]
  for (const [options, message] of wrong) {
    expect(() => createEmulator(options as EmulatorOptions), JSON.stringify(options)).toThrow(TypeError)
    expect(() => createEmulator(options as EmulatorOptions)).toThrow(message)
  }
})

test('a scenario decides how the jobs it matches end, and when', async () => {
  const receiver = await startReceiver()
  const { ai, emulator } = await startEmulator({
    webhooks: [{ uri: receiver.url }],
    scenarios: [
      {
        when: { kind: 'batch', model: 'gemini-3.8-*', metadata: { customer: 7 } },
        then: { afterMs: 60_000, outcome: 'failed', error: { code: 8, message: 'Quota.' } },
      },
      { when: { kind: 'batch' }, then: { output: 'scripted', failedRequests: [1] } },
    ],
  })
  const config = { webhookConfig: { userMetadata: { customer: 7, other: 1 } } }
  const failing = await ai.batches.create({ model: MODEL, src: [inlined('one')], config })
  const partial = await ai.batches.create({ model: MODEL, src: [inlined('one'), inlined('two')] })
  await emulator.clock.advance(59_999)
  expect(receiver.received.map(({ body }) => JSON.parse(body).data.id)).toEqual([partial.name])
  const responses = (await ai.batches.get({ name: partial.name! })).dest!.inlinedResponses!
  expect(responses[0]!.response!.candidates![0]!.content!.parts![0]!.text).toBe('scripted')
  expect(responses[1]!.error).toMatchObject({ code: 13 })
  await emulator.clock.advance(1)
  expect(JSON.parse(receiver.received[1]!.body)).toMatchObject({
    type: 'batch.failed',
    data: { id: failing.name, error_code: 8, error_message: 'Quota.' },
  })
  expect((await ai.batches.get({ name: failing.name! })).state).toBe(JobState.JOB_STATE_FAILED)
})

test('the scenario added last comes first, for as many jobs as it says', async () => {
  const { ai, emulator } = await startEmulator({ scenarios: [{ then: { outcome: 'failed' } }] })
  const { body } = await call(emulator, 'POST', '/_gwh/scenarios', { then: { outcome: 'expired' }, times: 1 })
  expect(emulator.scenarios.list().map(({ id }) => id)).toEqual([body.id, 'option-0'])
  const states = []
  for (const text of ['one', 'two']) {
    const { name } = await ai.batches.create({ model: MODEL, src: [inlined(text)] })
    await emulator.clock.advance(1500)
    states.push((await ai.batches.get({ name: name! })).state)
  }
  expect(states).toEqual([JobState.JOB_STATE_EXPIRED, JobState.JOB_STATE_FAILED])
  expect(emulator.scenarios.list().map(({ id }) => id)).toEqual(['option-0'])
  expect((await call(emulator, 'DELETE', '/_gwh/scenarios/option-0')).status).toBe(404)
  const { id } = (await call(emulator, 'POST', '/_gwh/scenarios', { then: {} })).body
  expect((await call(emulator, 'DELETE', `/_gwh/scenarios/${id}`)).status).toBe(200)
})

test('finish ends a job now, and only once', async () => {
  const { ai, emulator } = await startEmulator({ jobs: { batchMs: 3_600_000 } })
  const receiver = await startReceiver()
  await register(emulator, receiver.url, ['batch.succeeded', 'batch.expired'])
  const [first, second] = [
    await ai.batches.create({ model: MODEL, src: [inlined('one')] }),
    await ai.batches.create({ model: MODEL, src: [inlined('two')] }),
  ]
  const deliveries = await emulator.finish(first)
  expect(deliveries).toMatchObject([{ jobId: first.name, eventType: 'batch.succeeded' }])
  await emulator.finish(second.name!, { outcome: 'expired' })
  await emulator.settled()
  expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual([
    'batch.succeeded',
    'batch.expired',
  ])
  expect((await ai.batches.get({ name: first.name! })).dest?.inlinedResponses).toHaveLength(1)
  await expect(emulator.finish(first)).rejects.toThrow(/has ended already \(succeeded\)/)
  await expect(emulator.finish('batches/none')).rejects.toThrow(TypeError)
  await expect(emulator.finish(second, 'requires_action')).rejects.toThrow(/Supported values/)
})

test('an event for a job that exists ends that job; one that contradicts it is refused', async () => {
  const { ai, emulator } = await startEmulator({ jobs: { batchMs: 3_600_000 } })
  const receiver = await startReceiver()
  await register(emulator, receiver.url, ['batch.failed'])
  const { name } = await ai.batches.create({ model: MODEL, src: [inlined('one')] })
  const id = name!
  await expect(emulator.trigger({ type: 'interaction.completed', data: { id } })).rejects.toThrow(
    /kind batch/,
  )
  await expect(
    emulator.trigger({ type: 'batch.failed', data: { id, output_file_uri: 'x' } }),
  ).rejects.toThrow(/output_file_uri/)
  expect((await ai.batches.get({ name: id })).state).toBe(JobState.JOB_STATE_PENDING)

  const data = { id, error_code: 4, error_message: 'Too late.' }
  await emulator.trigger({ type: 'batch.failed', data })
  await emulator.idle()
  expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({ type: 'batch.failed', data })
  expect((await ai.batches.get({ name: id })).state).toBe(JobState.JOB_STATE_FAILED)
  await expect(emulator.trigger({ type: 'batch.succeeded', data: { id } })).rejects.toThrow(/redeliver/)
})

test('an event without data ends a small job made for it, whose result the API has', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  await register(emulator, receiver.url, ['batch.succeeded', 'interaction.completed'])
  await emulator.trigger({ type: 'batch.succeeded', userMetadata: { customer: 7 } })
  await emulator.trigger({ type: 'interaction.completed' })
  await emulator.trigger({ type: 'video.generated', uris: [receiver.url] })
  await emulator.settled()
  const events = receiver.received.map(({ body }) => JSON.parse(body))
  expect(events.map(({ type }) => type)).toEqual([
    'batch.succeeded',
    'interaction.completed',
    'video.generated',
  ])
  expect(events[0].user_metadata).toEqual({ customer: 7 })
  const batch = await ai.batches.get({ name: events[0].data.id })
  expect(batch.dest!.inlinedResponses).toHaveLength(1)
  expect((await ai.interactions.get(events[1].data.id)).status).toBe('completed')
  const failed = {
    type: 'batch.failed',
    data: { error_code: 8, error_message: 'Quota.' },
    uris: [receiver.url],
  }
  await emulator.trigger(failed)
  await emulator.settled()
  expect(JSON.parse(receiver.received[3]!.body).data).toMatchObject({
    id: expect.stringMatching(/^batches\//),
    error_code: 8,
  })
})

test('settled says after its time limit what is pending, and what was answered', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver((response) => void response.writeHead(401).end())
  await emulator.trigger({ type: 'batch.succeeded', uris: [receiver.url] })
  const { name } = await ai.batches.create({ model: MODEL, src: [inlined('one')] })
  await emulator.idle()
  await expect(emulator.settled({ timeoutMs: 1 })).rejects.toMatchObject({
    code: 'not_settled',
    message: `not settled after 1 ms: ${name} ends in 1500 ms; batch.succeeded to ${receiver.url}: last answer 401`,
  })
})

test('a scenario that was used up is gone, over a restart too', async () => {
  const state = join(temporaryFolder(), 'emulator.db')
  const add = { then: { outcome: 'failed' as const }, times: 1 }
  const ends = []
  for (const round of [1, 2]) {
    const emulator = createTestEmulator({ state, scenarios: [] })
    if (round === 1) emulator.scenarios.add(add)
    const { body } = await call(emulator, 'POST', '/v1/interactions', {
      model: MODEL,
      input: 'one',
      background: true,
    })
    await emulator.clock.advance(2500)
    ends.push((await call(emulator, 'GET', `/v1/interactions/${body.id}`)).body.status)
    expect(emulator.scenarios.list()).toEqual([])
    await emulator.close()
  }
  expect(ends).toEqual(['failed', 'completed'])
})

test('a rotated secret survives a restart with the same options; another secret in them replaces it', async () => {
  const state = join(temporaryFolder(), 'emulator.db')
  const receiver = await startReceiver()
  const options = (secret: string) => ({ state, webhooks: [{ uri: receiver.url, secret }] })
  const first = createTestEmulator(options(SECRET))
  const [{ id }] = (await call(first, 'GET', '/v1/webhooks')).body.webhooks
  const rotated = await call(first, 'POST', `/v1/webhooks/${id}:rotateSigningSecret`, {})
  await first.close()
  const signedWith = async (emulator: Emulator, secret: string) => {
    await emulator.trigger({ type: 'batch.succeeded' })
    await emulator.settled()
    const delivery = receiver.received.at(-1)!
    return delivery.headers['webhook-signature']!.split(' ').includes(expectedV1(delivery, secret))
  }
  const second = createTestEmulator(options(SECRET))
  expect(await signedWith(second, rotated.body.secret)).toBe(true)
  await second.close()
  const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
  const third = createTestEmulator(options(other))
  expect(await signedWith(third, other)).toBe(true)
  expect(await signedWith(third, rotated.body.secret)).toBe(false)
})

test('webhooks() returns whole secrets that have not ended; an option that repeats one keeps the others', async () => {
  const state = join(temporaryFolder(), 'emulator.db')
  const uri = 'http://127.0.0.1:9/hook'
  const options = (secret: string) => ({ state, webhooks: [{ uri, secret, name: 'mine' }] })
  const first = createTestEmulator(options(SECRET))
  const { id } = first.webhooks()[0]!
  const { body } = await call(first, 'POST', `/v1/webhooks/${id}:rotateSigningSecret`, {})
  const expected = { id, uri, name: 'mine', state: 'enabled', secrets: [body.secret, SECRET] }
  expect(first.webhooks()).toMatchObject([expected])
  await first.close()
  const second = createTestEmulator(options(body.secret))
  expect(second.webhooks()).toMatchObject([expected])
  await second.clock.advance(86_400_000)
  expect(second.webhooks()).toMatchObject([{ secrets: [body.secret] }])
})

test('a delivery is sent once more, with its id and body', async () => {
  const { emulator } = await startEmulator()
  const receiver = await startReceiver()
  const event = { type: 'batch.succeeded', data: { id: 'batches/x' }, uris: [receiver.url] }
  const { webhookIds } = await emulator.trigger(event)
  await emulator.settled()
  await emulator.redeliver(webhookIds[0]!)
  await emulator.settled()
  const [one, two] = receiver.received
  expect(two!.headers['webhook-id']).toBe(one!.headers['webhook-id'])
  expect(two!.body).toBe(one!.body)
  await expect(emulator.redeliver('msg_none')).rejects.toThrow(TypeError)
  const { status } = await call(emulator, 'POST', `/_gwh/deliveries/${webhookIds[0]}/redeliver`, {})
  expect(status).toBe(200)
  await emulator.settled()
  expect(receiver.received).toHaveLength(3)
})

test('settled waits for running jobs and for retries, and fails when the emulator is closed', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver((response, _, count) =>
    response.writeHead(count < 3 ? 500 : 200).end(),
  )
  await register(emulator, receiver.url)
  await ai.batches.create({ model: MODEL, src: [inlined('one')] })
  let settled = false
  const waiting = emulator.settled().then(() => {
    settled = true
  })
  await emulator.clock.advance(1500)
  expect(settled).toBe(false)
  await emulator.clock.advance(60_000)
  await waiting
  expect(receiver.received).toHaveLength(3)
  await ai.batches.create({ model: MODEL, src: [inlined('two')] })
  const never = emulator.settled()
  await emulator.close()
  await expect(never).rejects.toMatchObject({ code: 'closed' })
})

test('settled does not wait for a job that was deleted', async () => {
  const { ai, emulator } = await startEmulator()
  const { name } = await ai.batches.create({ model: MODEL, src: [inlined('one')] })
  const settled = emulator.settled()
  await ai.batches.delete({ name: name! })
  await settled
})

test('an export goes on in another emulator', async () => {
  const { ai, emulator } = await startEmulator({ jobs: { batchMs: 10_000 } })
  const receiver = await startReceiver()
  const { secret } = await register(emulator, receiver.url)
  const { name } = await ai.batches.create({ model: MODEL, src: [inlined('one')] })
  await emulator.clock.advance(5000)
  const exported = JSON.parse(JSON.stringify(emulator.export()))
  await emulator.close()

  const second = createTestEmulator()
  second.import(exported)
  expect(second.clock.now()).toBe(exported.now)
  await second.clock.advance(5000)
  expect(receiver.received.map(({ body }) => JSON.parse(body).data.id)).toEqual([name])
  expect(receiver.received[0]!.headers['webhook-signature']).toBe(expectedV1(receiver.received[0]!, secret))
  expect(() => second.import({ format: 'other', now: 0, records: {} })).toThrow(TypeError)
})

test('the clock is moved over HTTP', async () => {
  const emulator = createTestEmulator()
  const before = emulator.clock.now()
  expect((await call(emulator, 'POST', '/_gwh/clock/advance', { ms: 1000 })).body).toEqual({
    now: before + 1000,
    paused: true,
  })
  expect((await call(emulator, 'POST', '/_gwh/clock/resume', {})).body.paused).toBe(false)
  expect((await call(emulator, 'POST', '/_gwh/clock/pause', {})).body.paused).toBe(true)
  for (const ms of [-1, '5', null]) {
    expect((await call(emulator, 'POST', '/_gwh/clock/advance', { ms })).status).toBe(400)
  }
})

test('the clock ends with the year 9999, and goes on after a wrong request', async () => {
  const emulator = createTestEmulator()
  const receiver = await startReceiver()
  expect((await call(emulator, 'POST', '/_gwh/clock/advance', { ms: 9e15 })).status).toBe(400)
  await expect(emulator.clock.advance(1e20)).rejects.toThrow(TypeError)
  const exported = emulator.export()
  for (const now of [Number.POSITIVE_INFINITY, 9e15, -1, Number.NaN]) {
    expect(() => emulator.import({ ...exported, now })).toThrow(TypeError)
  }
  await emulator.clock.advance(Date.UTC(9999, 11, 31) - emulator.clock.now())
  await emulator.trigger({ type: 'batch.succeeded', uris: [receiver.url] })
  await emulator.idle()
  expect(JSON.parse(receiver.received[0]!.body).timestamp).toBe('9999-12-31T00:00:00Z')
})

test('a body that is nested too deeply is refused, and nothing is left of it', async () => {
  const emulator = createTestEmulator()
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const batch = `{"batch":{"inputConfig":{"requests":{"requests":[{"request":{"contents":[{"parts":[{"text":"hi"}]}]}}]}},"webhookConfig":{"userMetadata":${deep}}}}`
  const { status, body } = await call(emulator, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, batch)
  expect([status, body.error.message]).toEqual([400, expect.stringContaining('200 levels')])
  expect((await call(emulator, 'GET', '/_gwh/jobs')).body.jobs).toEqual([])
})

test('the number of jobs is limited, and the error names the limit', async () => {
  const { ai } = await startEmulator({ limits: { jobs: 1 } })
  const create = () => ai.batches.create({ model: MODEL, src: [inlined('one')] })
  const { name } = await create()
  await expect(create()).rejects.toMatchObject({
    status: 429,
    message: expect.stringContaining('limits.jobs'),
  })
  await ai.batches.delete({ name: name! })
  await create()
})

test('faults, jobs and keys are managed over HTTP', async () => {
  const { ai, emulator } = await startEmulator()
  const added = await call(emulator, 'POST', '/_gwh/faults', { fault: 'drop', match: { share: 0.5 } })
  expect(added.body).toMatchObject({ fault: { type: 'drop' }, match: { share: 0.5 }, used: 0 })
  expect((await call(emulator, 'GET', '/_gwh/faults')).body.faults).toEqual([added.body])
  expect((await call(emulator, 'POST', '/_gwh/faults', { fault: 'dorp' })).status).toBe(400)
  expect((await call(emulator, 'DELETE', `/_gwh/faults/${added.body.id}`)).status).toBe(200)
  expect((await call(emulator, 'DELETE', `/_gwh/faults/${added.body.id}`)).status).toBe(404)
  expect((await call(emulator, 'DELETE', '/_gwh/faults')).status).toBe(200)

  const { name } = await ai.batches.create({ model: MODEL, src: [inlined('one')] })
  await emulator.finish(name!, { outcome: 'failed' })
  expect((await call(emulator, 'GET', '/_gwh/jobs')).body.jobs).toMatchObject([
    { id: name, kind: 'batch', outcome: 'failed', state: 'BATCH_STATE_FAILED', error: { code: 13 } },
  ])
  const keys = async () => (await call(emulator, 'GET', '/.well-known/jwks.json')).body.keys
  const before = await keys()
  expect((await call(emulator, 'POST', '/_gwh/keys/rotate', {})).status).toBe(200)
  expect(await keys()).not.toEqual(before)
})

test('signals are streamed as server-sent events, and closing ends the stream', async () => {
  const { emulator, url } = await startEmulator()
  const headers = { authorization: `Bearer ${emulator.controlToken}` }
  const response = await fetch(`${url}/_gwh/signals`, { headers })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  await reader.read()
  const receiver = await startReceiver()
  await emulator.trigger({ type: 'batch.succeeded', data: { id: 'batches/x' }, uris: [receiver.url] })
  await emulator.settled()
  let text = ''
  while (!text.includes('delivery_acked')) text += (await reader.read()).value
  expect(text).toMatch(/event: attempt_started\ndata: \{.*"webhookId":"msg_/)
  await emulator.close()
  await expect(
    reader.read().then(
      ({ done }) => (done ? 'ended' : 'more'),
      () => 'ended',
    ),
  ).resolves.toBe('ended')
})

test.each([
  ['scenarios.json', '[{"when":{"kind":"batch"},"then":{"outcome":"expired"}}]'],
  ['scenarios.mjs', "export default [{ when: { kind: 'batch' }, then: { outcome: 'expired' } }]"],
])('scenarios are read from a file: %s', async (name, text) => {
  const path = temporaryFile(name, text)
  expect(await loadScenarios(path)).toEqual([{ when: { kind: 'batch' }, then: { outcome: 'expired' } }])
})

test.each([
  ['none.json', undefined],
  ['text.json', 'not JSON'],
  ['object.json', '{}'],
  ['wrong.json', '[{"then":{"outcome":"suceeded"}}]'],
])('a file without scenarios is a TypeError that names it: %s', async (name, text) => {
  const path = temporaryFile(name, text)
  await expect(loadScenarios(path)).rejects.toThrow(TypeError)
  await expect(loadScenarios(path)).rejects.toThrow(path)
})

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-emulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function temporaryFile(name: string, text: string | undefined): string {
  const folder = temporaryFolder()
  if (text !== undefined) writeFileSync(join(folder, name), text)
  return join(folder, name)
}
