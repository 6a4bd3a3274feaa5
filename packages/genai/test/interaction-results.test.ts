import { parseEvent } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { fetchResult } from '../src/index.ts'
import { serveApi } from './google.ts'
import { SDKS } from './support.ts'

const interactionEvent = (state = 'completed', data: object = {}) =>
  parseEvent(JSON.stringify({ type: `interaction.${state}`, data: { id: 'v1_one', ...data } }))

describe.each(SDKS)('with @google/genai $sdk', ({ connect }) => {
  test('an interaction has its outputs and its text', async () => {
    const steps = [
      { type: 'user_input', content: [{ type: 'text', text: 'hi' }] },
      { type: 'model_output', content: [{ type: 'text', text: 'hello' }] },
    ]
    const { url } = await serveApi({ 'interactions/v1_one': { id: 'v1_one', status: 'completed', steps } })
    const result = await fetchResult(interactionEvent(), { client: connect(url) })
    expect(result).toMatchObject({
      kind: 'interaction',
      job: 'v1_one',
      status: 'completed',
      text: 'hello',
      outputs: [{ type: 'text', text: 'hello' }],
    })
  })

  test('an interaction has its videos, to stream or to save', async () => {
    const video = (uri?: string) => ({ type: 'video', mime_type: 'video/mp4', uri })
    const content = [
      { type: 'text', text: 'two cats' },
      video('https://generativelanguage.googleapis.com/v1beta/files/a1'),
      video('gs://bucket/elsewhere.mp4'),
      { ...video(), data: 'AAAA' },
      video('https://generativelanguage.googleapis.com/v1beta/files/b2'),
    ]
    const steps = [{ type: 'model_output', content }]
    const { url } = await serveApi({
      'interactions/v1_one': { id: 'v1_one', status: 'completed', steps },
      'files/b2:download': new Uint8Array([0, 1, 2]),
    })
    const result = await fetchResult(interactionEvent(), { client: connect(url) })
    if (result.kind !== 'interaction') throw new TypeError('no outputs')
    expect(result.videos.map(({ file }) => file)).toEqual(['files/a1', 'files/b2'])
    expect(await result.videos[1]!.bytes()).toEqual(new Uint8Array([0, 1, 2]))
    expect(result.outputs).toHaveLength(5)
  })

  test('a second interaction answers the function calls of the first and continues it', async () => {
    const call = { type: 'function_call', id: 'c1', name: 'weather', arguments: { city: 'Oslo' } }
    const { url, requests } = await serveApi({
      'interactions/v1_one': {
        id: 'v1_one',
        model: 'gemini-3.8-flash',
        status: 'requires_action',
        steps: [
          { ...call, id: 'c0' },
          { type: 'function_result', call_id: 'c0', result: 1 },
          call,
          { ...call, id: 'c2', name: 'time' },
        ],
      },
      interactions: { id: 'v1_two', status: 'in_progress' },
    })
    const pending = await fetchResult(interactionEvent('requires_action'), { client: connect(url) })
    if (pending.kind !== 'requires_action') throw new TypeError('no calls')
    expect(pending.calls).toEqual([
      { id: 'c1', name: 'weather', arguments: { city: 'Oslo' } },
      { id: 'c2', name: 'time', arguments: { city: 'Oslo' } },
    ])
    const webhook_config = { uris: ['https://app.example'], user_metadata: {} }
    const results = [
      { id: 'c2', result: 'unknown city', isError: true },
      { id: 'c1', result: { degrees: 3 } },
    ]
    expect(await pending.respond(results, { webhook_config })).toMatchObject({ id: 'v1_two' })
    expect(requests.at(-1)!.body).toEqual({
      model: 'gemini-3.8-flash',
      previous_interaction_id: 'v1_one',
      background: true,
      webhook_config,
      input: [
        { type: 'function_result', call_id: 'c1', name: 'weather', result: { degrees: 3 } },
        { type: 'function_result', call_id: 'c2', name: 'time', result: 'unknown city', is_error: true },
      ],
    })
    for (const wrong of [
      [],
      [results[0]!],
      [results[0]!, results[0]!],
      [results[0]!, { id: 'c9', result: 1 }],
    ]) {
      await expect(pending.respond(wrong)).rejects.toMatchObject({ code: 'option_invalid' })
    }
  })
})

test.each<[string, object, object]>([
  [
    'failed',
    { status: 'failed', errors: [{ code: 13, message: 'internal' }] },
    { code: 'job_failed', reason: 'failed', errorCode: '13' },
  ],
  ['cancelled', { status: 'cancelled' }, { code: 'job_failed', reason: 'cancelled' }],
  ['in_progress', { status: 'in_progress' }, { code: 'result_unavailable' }],
])('an interaction that is %s is an error with a code', async (_, answer, expected) => {
  const { url } = await serveApi({ 'interactions/v1_one': { id: 'v1_one', ...answer } })
  const refused = fetchResult(interactionEvent(), { client: SDKS[1]!.connect(url) })
  await expect(refused).rejects.toMatchObject(expected)
})

test('the text of an interaction is read from its last output where the SDK adds none', async () => {
  const output = (...texts: string[]) => ({
    type: 'model_output',
    content: texts.map((text) => ({ type: 'text', text })),
  })
  const interaction = { id: 'v1_one', status: 'completed', steps: [output('first'), output('sec', 'ond')] }
  const client = SDKS[1]!.connect('http://127.0.0.1:9')
  const interactions = { get: async () => interaction, create: async () => interaction }
  const { batches, operations } = client
  const result = await fetchResult(interactionEvent(), { client: { batches, operations, interactions } })
  expect(result).toMatchObject({ text: 'second', outputs: [{}, {}, {}] })
})

test.each(['incomplete', 'budget_exceeded'])(
  'an interaction that ended %s has what it got to',
  async (status) => {
    const { url } = await serveApi({ 'interactions/v1_one': { id: 'v1_one', status, steps: [] } })
    const client = SDKS[1]!.connect(url)
    expect(await fetchResult(interactionEvent(), { client })).toMatchObject({
      kind: 'interaction',
      status,
      outputs: [],
    })
  },
)
