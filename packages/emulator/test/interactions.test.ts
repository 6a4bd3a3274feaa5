import type { GoogleGenAI } from '@google/genai'
import { expect, test } from 'vitest'
import type { Emulator, EmulatorOptions } from '../src/index.ts'
import { call, createTestEmulator, register, startEmulator, startReceiver } from './support.ts'

const model = 'gemini-3.8-flash'
const tools = [{ type: 'function' as const, name: 'get_weather', parameters: {} }]

async function startInteractions(options: EmulatorOptions = {}) {
  const started = await startEmulator(options)
  const receiver = await startReceiver()
  const types = ['interaction.completed', 'interaction.failed', 'interaction.requires_action']
  await register(started.emulator, receiver.url, types)
  const events = () => receiver.received.map(({ body }) => JSON.parse(body).type)
  return { ...started, events }
}

async function finished(ai: GoogleGenAI, emulator: Emulator, input: object = {}) {
  const { id } = await ai.interactions.create({ model, input: 'hi', background: true, ...input })
  await emulator.clock.advance(2500)
  return ai.interactions.get(id!)
}

const then = (outcome: object): EmulatorOptions => ({ scenarios: [{ then: outcome, times: 1 }] })

test('an interaction asks for a function and goes on with its result', async () => {
  const arguments_ = { city: 'Paris' }
  const call1 = { name: 'get_weather', arguments: arguments_ }
  const { ai, emulator, events } = await startInteractions(
    then({ outcome: 'requires_action', requiresAction: [call1] }),
  )
  const waiting = await finished(ai, emulator, { tools })
  expect(waiting.status).toBe('requires_action')
  const step = waiting.steps!.at(-1) as { id: string }
  expect(step).toMatchObject({ type: 'function_call', ...call1 })
  const result = { type: 'function_result', call_id: step.id, name: 'get_weather', result: { temp: 20 } }
  const done = await finished(ai, emulator, { previous_interaction_id: waiting.id, input: [result] })
  expect(done).toMatchObject({
    status: 'completed',
    previous_interaction_id: waiting.id,
    output_text: 'Echo: {"temp":20}',
    steps: [result, { type: 'model_output' }],
  })
  expect(events()).toEqual(['interaction.requires_action', 'interaction.completed'])
})

test('an interaction in the foreground asks for a function too, and announces nothing', async () => {
  const { ai, emulator, events } = await startInteractions(then({ outcome: 'requires_action' }))
  const waiting = await ai.interactions.create({ model, input: 'hi', tools })
  expect(waiting.status).toBe('requires_action')
  const { id } = waiting.steps!.at(-1) as { id: string }
  const input = [{ type: 'function_result' as const, call_id: id, result: 'sunny' }]
  const done = await ai.interactions.create({ model, previous_interaction_id: waiting.id, input })
  expect([done.status, done.output_text]).toEqual(['completed', 'Echo: sunny'])
  await emulator.clock.advance(10_000)
  expect(events()).toEqual([])
})

test('a scenario without a kind leaves alone the jobs that cannot end its way', async () => {
  const { ai, emulator, events } = await startInteractions(then({ outcome: 'expired' }))
  expect(await finished(ai, emulator)).toMatchObject({ status: 'completed' })
  expect(events()).toEqual(['interaction.completed'])
})

test('without a script, the first declared function is called', async () => {
  const { ai, emulator } = await startInteractions(then({ outcome: 'requires_action' }))
  const { steps } = await finished(ai, emulator, { tools })
  expect(steps!.at(-1)).toMatchObject({ type: 'function_call', name: 'get_weather', arguments: {} })
})

test('a continuation answers exactly the calls that are open', async () => {
  const { ai, emulator } = await startInteractions(then({ outcome: 'requires_action' }))
  const waiting = await finished(ai, emulator)
  const { id } = waiting.steps!.at(-1) as { id: string }
  const result = (call_id: string) => ({ type: 'function_result', call_id, result: 'x' })
  const cases = [
    [
      { previous_interaction_id: waiting.id, input: 'hi' },
      `The input has no function_result for call '${id}'.`,
    ],
    [{ previous_interaction_id: waiting.id, input: [result('other')] }, "no open function call 'other'"],
    [{ input: [result(id)] }, 'no open function call'],
  ] as const
  for (const [body, message] of cases) {
    const answer = await call(emulator, 'POST', '/v1/interactions', { model, ...body })
    expect([answer.status, answer.body.error.code]).toEqual([400, 'invalid_request'])
    expect(answer.body.error.message).toContain(message)
  }
  const unknown = { model, input: 'x', previous_interaction_id: 'v1_none' }
  expect((await call(emulator, 'POST', '/v1/interactions', unknown)).status).toBe(404)
})

test('an interaction can fail, run out of tokens or out of budget', async () => {
  const text = 'one two three four five six seven eight nine ten'
  const failed = await startInteractions(then({ outcome: 'failed', error: { code: 8, message: 'no room' } }))
  expect(await finished(failed.ai, failed.emulator)).toMatchObject({
    status: 'failed',
    errors: [{ code: 'resource_exhausted', message: 'no room' }],
  })
  expect(failed.events()).toEqual(['interaction.failed'])
  for (const outcome of ['incomplete', 'budget_exceeded']) {
    const { ai, emulator } = await startInteractions(then({ outcome }))
    const cut = await finished(ai, emulator, { input: text })
    expect([cut.status, cut.output_text!.length < text.length]).toEqual([outcome, true])
  }
})

test('respond answers an interaction, and what it throws fails it', async () => {
  const { ai, emulator, events } = await startInteractions({
    respond: ({ kind, model, prompt, request }) => {
      if (prompt === 'bad') throw new Error('no answer to this')
      return JSON.stringify({ kind, model, prompt, temperature: request.temperature })
    },
  })
  const done = await finished(ai, emulator, { input: 'good', temperature: 1 })
  expect(JSON.parse(done.output_text!)).toEqual({
    kind: 'interaction',
    model,
    prompt: 'good',
    temperature: 1,
  })
  expect(await finished(ai, emulator, { input: 'bad' })).toMatchObject({
    status: 'failed',
    errors: [{ code: 'internal', message: 'no answer to this' }],
  })
  expect(events()).toEqual(['interaction.completed', 'interaction.failed'])
  expect(await ai.interactions.create({ model, input: 'bad' })).toMatchObject({ status: 'failed' })
})

test('a video comes as the URI of a file that can be downloaded', async () => {
  const { ai, emulator, url } = await startInteractions()
  const response_format = { type: 'video' as const, delivery: 'uri' as const }
  const done = await finished(ai, emulator, { response_format })
  const { uri, mime_type } = done.output_video!
  expect([uri, mime_type]).toEqual([expect.stringMatching(/\/v1beta\/files\/[a-z0-9]+$/), 'video/mp4'])
  const path = new URL(uri!).pathname
  const bytes = await fetch(`${url}${path}:download?alt=media`, { headers: { 'x-goog-api-key': 'test' } })
  expect(bytes.headers.get('content-type')).toBe('video/mp4')
})

test('an interaction with store: false is answered, streamed and not kept', async () => {
  const { ai, emulator } = await startInteractions()
  const done = await ai.interactions.create({ model, input: 'hi', store: false })
  expect([done.status, done.output_text]).toEqual(['completed', 'Echo: hi'])
  await expect(ai.interactions.get(done.id!)).rejects.toMatchObject({ statusCode: 404 })
  const next = { model, input: 'x', previous_interaction_id: done.id! }
  await expect(ai.interactions.create(next)).rejects.toMatchObject({ statusCode: 404 })
  const events = await eventsOf(
    await ai.interactions.create({ model, input: text, store: false, stream: true }),
  )
  expect(events.map(({ event_type }) => event_type)).toEqual(TEXT_EVENTS)
  expect((await call(emulator, 'GET', '/v1/interactions')).body).toEqual({})
})

test.each([
  [{ store: false, background: true }, 'background=true requires store=true.'],
  [{ agent: 'deep-research' }, "Only one of 'model' and 'agent' can be given."],
  [{ store: 'no' }, "'store' must be a boolean."],
])('an interaction with %j is refused', async (fields, message) => {
  const emulator = createTestEmulator()
  const { status, body } = await call(emulator, 'POST', '/v1/interactions', { model, input: 'hi', ...fields })
  expect([status, body.error]).toEqual([400, { code: 'invalid_request', message }])
  expect((await call(emulator, 'GET', '/v1/interactions')).body).toEqual({})
})

test('include_input shows what was asked', async () => {
  const { ai, emulator } = await startInteractions()
  const { id } = await finished(ai, emulator)
  expect((await ai.interactions.get(id!)).input).toBeUndefined()
  expect((await ai.interactions.get(id!, { include_input: true })).input).toBe('hi')
})

test('interactions are listed over several pages', async () => {
  const emulator = createTestEmulator()
  const ids: string[] = []
  for (const input of ['a', 'b', 'c']) {
    ids.push((await call(emulator, 'POST', '/v1/interactions', { model, input })).body.id)
  }
  const first = await call(emulator, 'GET', '/v1/interactions?page_size=2')
  const second = await call(
    emulator,
    'GET',
    `/v1/interactions?page_size=2&page_token=${first.body.next_page_token}`,
  )
  const listed = [...first.body.interactions, ...second.body.interactions]
  expect(listed.map(({ id }) => id)).toEqual(ids)
  expect(second.body.next_page_token).toBeUndefined()
})

const text = 'one two three four five six seven eight nine ten'
const TEXT_EVENTS = [
  'interaction.created',
  'interaction.status_update',
  'step.start',
  'step.delta',
  'step.delta',
  'step.stop',
  'interaction.status_update',
  'interaction.completed',
]

/** An event of a stream, whatever its type. */
interface StreamEvent {
  event_type: string
  event_id?: string
  step?: object
  delta?: { text?: string }
}

/** Reads a stream to its end. */
async function eventsOf(stream: AsyncIterable<object>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = []
  for await (const event of stream) events.push(event as StreamEvent)
  return events
}

const textOf = (events: readonly StreamEvent[]) => events.map(({ delta }) => delta?.text ?? '').join('')

test('an interaction is streamed at its creation', async () => {
  const { ai } = await startInteractions()
  const events = await eventsOf(await ai.interactions.create({ model, input: text, stream: true }))
  expect(events.map(({ event_type }) => event_type)).toEqual(TEXT_EVENTS)
  expect(textOf(events)).toBe(`Echo: ${text}`)
  expect(events.at(-1)).toMatchObject({
    interaction: { status: 'completed', usage: { total_output_tokens: 14 } },
  })
})

test('a stream of a background interaction waits for its end', async () => {
  const { ai, emulator } = await startInteractions()
  const { id } = await ai.interactions.create({ model, input: text, background: true })
  const stream = await ai.interactions.get(id!, { stream: true })
  const reading = eventsOf(stream)
  await emulator.clock.advance(2500)
  const events = await reading
  expect(events.map(({ event_type }) => event_type)).toEqual(TEXT_EVENTS)
  expect(events.slice(0, 2)).toMatchObject([
    { interaction: { id, status: 'in_progress' } },
    { interaction_id: id, status: 'in_progress' },
  ])
})

test('a stream goes on after the last event that was seen', async () => {
  const { ai, emulator } = await startInteractions()
  const { id } = await finished(ai, emulator, { input: text })
  const all = await eventsOf(await ai.interactions.get(id!, { stream: true }))
  for (const [index, { event_id }] of all.entries()) {
    const rest = await eventsOf(await ai.interactions.get(id!, { stream: true, last_event_id: event_id! }))
    expect(rest).toEqual(all.slice(index + 1))
  }
  const wrong = await call(emulator, 'GET', `/v1/interactions/${id}?stream=true&last_event_id=x`)
  expect(wrong.status).toBe(400)
})

test('a stream read after the end begins with the events of the stream that was read live', async () => {
  const { ai, emulator } = await startInteractions()
  const { id } = await ai.interactions.create({ model, input: text, background: true })
  const live: StreamEvent[] = []
  for await (const event of await ai.interactions.get(id!, { stream: true })) {
    live.push(event as StreamEvent)
    if (live.length === 1) await emulator.clock.advance(2500)
  }
  const replayed = await eventsOf(await ai.interactions.get(id!, { stream: true }))
  expect(replayed).toEqual(live)
  expect(replayed[0]).not.toHaveProperty('interaction.usage')
})

test('a stream tells of function calls, failures and cancellations', async () => {
  const called = await startInteractions(then({ outcome: 'requires_action' }))
  const { id: first } = await finished(called.ai, called.emulator, { tools })
  const calls = await eventsOf(await called.ai.interactions.get(first!, { stream: true }))
  expect(calls.map(({ step, delta }) => step ?? delta).filter(Boolean)).toMatchObject([
    { type: 'function_call', name: 'get_weather', arguments: {} },
    { type: 'arguments_delta', arguments: '{}' },
  ])
  const failed = await startInteractions(then({ outcome: 'failed' }))
  const { id: second } = await finished(failed.ai, failed.emulator)
  expect(await eventsOf(await failed.ai.interactions.get(second!, { stream: true }))).toContainEqual(
    expect.objectContaining({
      event_type: 'error',
      error: { code: 'internal', message: expect.any(String) },
    }),
  )
  const { ai } = await startInteractions()
  const { id } = await ai.interactions.create({ model, input: 'x', background: true })
  const reading = eventsOf(await ai.interactions.get(id!, { stream: true }))
  await ai.interactions.cancel(id!)
  expect((await reading).at(-1)).toMatchObject({ interaction: { status: 'cancelled' } })
})

test('closing the emulator ends a stream that waits', async () => {
  const { ai, emulator } = await startInteractions()
  const { id } = await ai.interactions.create({ model, input: 'x', background: true })
  const reading = eventsOf(await ai.interactions.get(id!, { stream: true })).catch(() => 'broken')
  await emulator.close()
  expect(await reading).toBeDefined()
})
