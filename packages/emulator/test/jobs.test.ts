import { JobState } from '@google/genai'
import { expect, test } from 'vitest'
import {
  call,
  createTestEmulator,
  expectedV1,
  register,
  startEmulator,
  startReceiver,
  verifyingKids,
} from './support.ts'

const model = 'gemini-3.8-flash'
const inlined = (text: string, key: string) => ({ contents: [{ parts: [{ text }] }], metadata: { key } })

test('a batch finishes, is announced to its subscriber, and the SDK reads the results', async () => {
  const { ai, emulator } = await startEmulator({ jobs: { batchMs: 4000 } })
  const receiver = await startReceiver()
  const { secret } = await register(emulator, receiver.url)
  const batch = await ai.batches.create({ model, src: [inlined('one', 'k1'), inlined('two', 'k2')] })
  expect(batch).toMatchObject({ state: JobState.JOB_STATE_PENDING, model: `models/${model}` })
  await emulator.clock.advance(3999)
  expect((await ai.batches.get({ name: batch.name! })).state).toBe(JobState.JOB_STATE_RUNNING)
  expect(receiver.received).toHaveLength(0)
  await emulator.clock.advance(1)

  const [delivery] = receiver.received
  expect(JSON.parse(delivery!.body)).toEqual({
    type: 'batch.succeeded',
    version: 'v1',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    data: { id: batch.name },
  })
  expect(delivery!.body).toBe(JSON.stringify(JSON.parse(delivery!.body)))
  expect(delivery!.headers['webhook-id']).toMatch(/^msg_[0-9a-f-]{36}$/)
  expect(delivery!.headers['webhook-signature']).toBe(expectedV1(delivery!, secret))

  const done = await ai.batches.get({ name: batch.name! })
  expect(done.state).toBe(JobState.JOB_STATE_SUCCEEDED)
  const answers = done.dest!.inlinedResponses!.map(({ metadata, response }) => [
    metadata,
    response!.candidates![0]!.content!.parts![0]!.text,
  ])
  expect(answers).toEqual([
    [{ key: 'k1' }, 'Echo: one'],
    [{ key: 'k2' }, 'Echo: two'],
  ])
})

test("a job's own URIs replace the registered webhooks and carry its metadata", async () => {
  const { ai, emulator } = await startEmulator()
  const [registered, own] = [await startReceiver(), await startReceiver()]
  await register(emulator, registered.url)
  const userMetadata = { job_group: 'nightly', nested: { a: 1 } }
  const config = { webhookConfig: { uris: [own.url], userMetadata } }
  await ai.batches.create({ model, src: [inlined('one', 'k1')], config })
  await emulator.clock.advance(1500)
  expect(registered.received).toHaveLength(0)
  expect(JSON.parse(own.received[0]!.body)).toMatchObject({ user_metadata: userMetadata })
})

test('an empty list of URIs counts as none', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  await register(emulator, receiver.url)
  const config = { webhookConfig: { uris: [], userMetadata: { a: 1 } } }
  await ai.batches.create({ model, src: [inlined('one', 'k1')], config })
  await emulator.clock.advance(1500)
  expect(JSON.parse(receiver.received[0]!.body).user_metadata).toEqual({ a: 1 })
})

test("a batch takes the guide's snake_case spelling of its webhook configuration", async () => {
  const emulator = createTestEmulator()
  const receiver = await startReceiver()
  const requests = { requests: [{ request: { contents: [{ parts: [{ text: 'hi' }] }] } }] }
  const webhook_config = { uris: [receiver.url], user_metadata: { a: 1 } }
  const batch = { input_config: { requests }, webhook_config }
  await call(emulator, 'POST', `/v1beta/models/${model}:batchGenerateContent`, { batch })
  await emulator.clock.advance(1500)
  expect(JSON.parse(receiver.received[0]!.body).user_metadata).toEqual({ a: 1 })
})

test('an interaction is announced with a v1a signature by exactly one published key', async () => {
  const { ai, emulator, url } = await startEmulator()
  const receiver = await startReceiver()
  const webhook_config = { uris: [receiver.url], user_metadata: { job: 7 } }
  const interaction = await ai.interactions.create({
    model,
    input: 'a joke',
    background: true,
    webhook_config,
  })
  expect(interaction).toMatchObject({ status: 'in_progress', webhook_config })
  expect(interaction.id).toMatch(/^v1_/)
  await emulator.clock.advance(2500)

  const jwks = await (await fetch(`${url}/.well-known/jwks.json`)).json()
  expect(jwks.keys.map(({ kty, crv, d }: Record<string, string>) => [kty, crv, d])).toEqual(
    Array(3).fill(['OKP', 'Ed25519', undefined]),
  )
  expect(verifyingKids(receiver.received[0]!, jwks)).toEqual([expect.stringMatching(/^gwh-emulator-/)])
  expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({
    type: 'interaction.completed',
    data: { id: interaction.id },
    user_metadata: { job: 7 },
  })
})

test('the SDK reads a finished interaction with its input and output steps', async () => {
  const { ai, emulator } = await startEmulator()
  const { id } = await ai.interactions.create({ model, input: 'a joke', background: true })
  await emulator.clock.advance(2500)
  const done = await ai.interactions.get(id!)
  expect(done).toMatchObject({ status: 'completed', output_text: 'Echo: a joke' })
  expect(done.steps!.map((step) => step.type)).toEqual(['user_input', 'model_output'])
})

test('a foreground interaction answers at once and announces nothing', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  await register(emulator, receiver.url, ['interaction.completed'])
  const done = await ai.interactions.create({ model, input: [{ type: 'text', text: 'hi' }] })
  expect(done.output_text).toBe('Echo: hi')
  await emulator.clock.advance(10_000)
  expect(receiver.received).toHaveLength(0)
})

test('a cancelled job announces its cancellation and never finishes', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  await register(emulator, receiver.url, ['batch.cancelled', 'batch.succeeded', 'interaction.cancelled'])
  const batch = await ai.batches.create({ model, src: [inlined('one', 'k1')] })
  const { id } = await ai.interactions.create({ model, input: 'x', background: true })
  await ai.batches.cancel({ name: batch.name! })
  expect((await ai.interactions.cancel(id!)).status).toBe('cancelled')
  await ai.batches.cancel({ name: batch.name! })
  await emulator.clock.advance(10_000)
  expect(receiver.received.map((delivery) => JSON.parse(delivery.body).type).sort()).toEqual([
    'batch.cancelled',
    'interaction.cancelled',
  ])
  expect((await ai.batches.get({ name: batch.name! })).state).toBe(JobState.JOB_STATE_CANCELLED)
})

test('what falls due first is announced first', async () => {
  const { ai, emulator } = await startEmulator({ jobs: { batchMs: 1000, interactionMs: 3000 } })
  const receiver = await startReceiver()
  await register(emulator, receiver.url, ['batch.succeeded', 'interaction.completed'])
  await ai.interactions.create({ model, input: 'x', background: true })
  await ai.batches.create({ model, src: [inlined('one', 'k1')] })
  await emulator.clock.advance(2000)
  await ai.batches.create({ model, src: [inlined('two', 'k2')] })
  await emulator.clock.advance(10_000)
  expect(receiver.received.map((delivery) => JSON.parse(delivery.body).type)).toEqual([
    'batch.succeeded',
    'interaction.completed',
    'batch.succeeded',
  ])
})

test('a deleted job is gone and announces nothing', async () => {
  const { ai, emulator } = await startEmulator()
  const receiver = await startReceiver()
  await register(emulator, receiver.url, ['batch.succeeded', 'interaction.completed'])
  const batch = await ai.batches.create({ model, src: [inlined('one', 'k1')] })
  const { id } = await ai.interactions.create({ model, input: 'x', background: true })
  await ai.batches.delete({ name: batch.name! })
  await ai.interactions.delete(id!)
  await emulator.clock.advance(10_000)
  expect(receiver.received).toHaveLength(0)
  await expect(ai.batches.get({ name: batch.name! })).rejects.toMatchObject({ status: 404 })
  await expect(ai.interactions.get(id!)).rejects.toMatchObject({ status: 404 })
})

test('the SDK lists batches over several pages', async () => {
  const { ai } = await startEmulator()
  const names: string[] = []
  for (const key of ['a', 'b', 'c']) {
    names.push((await ai.batches.create({ model, src: [inlined(key, key)] })).name!)
  }
  const listed: string[] = []
  for await (const batch of await ai.batches.list({ config: { pageSize: 2 } })) listed.push(batch.name!)
  expect(listed).toEqual(names)
})

test('without a pause, jobs finish and deliveries arrive in real time', async () => {
  const { ai, emulator } = await startEmulator({ timeScale: 1000 })
  let arrived: (type: string) => void = () => {}
  const arrival = new Promise<string>((resolve) => {
    arrived = resolve
  })
  const receiver = await startReceiver((response, received) => {
    response.writeHead(204).end()
    arrived(JSON.parse(received.body).type)
  })
  await register(emulator, receiver.url)
  emulator.clock.resume()
  await ai.batches.create({ model, src: [inlined('one', 'k1')] })
  expect(await arrival).toBe('batch.succeeded')
})
