import { parseEvent } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { fetchResult } from '../src/index.ts'
import { watch } from './outcomes.ts'
import { createWorld, HOUR_MS } from './world.ts'

const PATH = '/hook'
const VIDEO = 'models/veo/operations/op1'
const video = (response: unknown) => ({
  name: VIDEO,
  done: true,
  response: { generateVideoResponse: response },
})

/** A service whose API gives one answer to every question. */
async function createService(answer: unknown) {
  const world = await createWorld()
  const asked: string[] = []
  const answerWith = async () => {
    asked.push('GET')
    return answer as never
  }
  const client = {
    batches: { get: answerWith },
    operations: { getVideosOperation: answerWith },
    interactions: { ...world.client.interactions, get: answerWith },
  } as never
  const service = world.start(PATH, { jobs: { client, pollMs: HOUR_MS } })
  const handled: string[] = []
  service.receiver.on('*', (event) => void handled.push(event.type))
  return { world, client, asked, handled, ...service }
}

const MALFORMED: [string, string, unknown][] = [
  ['a batch that is null', 'batches/x', null],
  [
    'a batch with a number for its file',
    'batches/x',
    { state: 'JOB_STATE_SUCCEEDED', dest: { fileName: 5 } },
  ],
  ['an interaction that is null', 'v1_x', null],
  ['a video that is null among others', VIDEO, video({ generatedSamples: [null] })],
  ['videos that are no list', VIDEO, video({ generatedSamples: {} })],
  ['a video whose file is a number', VIDEO, video({ generatedSamples: [{ video: { uri: 5 } }] })],
  ['reasons that are no list', VIDEO, video({ raiMediaFilteredReasons: 'no' })],
]

describe.each(MALFORMED)('%s', (_, name, answer) => {
  test('is looked up more and more rarely, keeps no other job waiting, and is given up', async () => {
    const { world, jobs, asked, handled, signals } = await createService(answer)
    await jobs.track(name, { expectedMs: HOUR_MS })
    const seen = watch(jobs.done(name))
    await world.advance(160 * HOUR_MS, HOUR_MS)
    expect(seen).toEqual({})
    expect(asked.length).toBeLessThan(40)
    expect(signals).not.toContainEqual(expect.objectContaining({ type: 'paused' }))
    expect(signals).toContainEqual(
      expect.objectContaining({
        type: 'fault',
        error: expect.objectContaining({ code: 'result_unavailable' }),
      }),
    )
    await world.advance(20 * HOUR_MS, HOUR_MS)
    expect(seen.error).toMatchObject({ code: 'job_given_up', message: expect.stringContaining('malformed') })
    expect(handled).toEqual([])
  })
})

const TYPES = { batches: 'batch.succeeded', models: 'video.generated', v1_x: 'interaction.completed' }

test.each<[string, string, unknown]>([
  ...MALFORMED,
  [
    'inlined responses that are no list',
    'batches/x',
    { state: 'JOB_STATE_SUCCEEDED', dest: { inlinedResponses: 'abc' } },
  ],
  ['an interaction whose steps are null', 'v1_x', { status: 'completed', steps: null }],
  [
    'an interaction with an output that is null',
    'v1_x',
    { status: 'completed', steps: [{ type: 'model_output', content: [null] }] },
  ],
])('%s is a result that is unavailable', async (_, name, answer) => {
  const { client } = await createService(answer)
  const type = TYPES[name.split('/')[0] as keyof typeof TYPES]
  const event = parseEvent(JSON.stringify({ type, data: { id: name } }))
  await expect(fetchResult(event, { client })).rejects.toMatchObject({ code: 'result_unavailable' })
})

test('an inlined response that is null is a row that is invalid', async () => {
  const answer = { state: 'JOB_STATE_SUCCEEDED', dest: { inlinedResponses: [null, { response: {} }] } }
  const { client } = await createService(answer)
  const event = parseEvent(JSON.stringify({ type: 'batch.succeeded', data: { id: 'batches/x' } }))
  const rows = await fetchResult(event, { client })
  if (rows.kind !== 'batch') throw new TypeError('no batch')
  const codes: unknown[] = []
  for await (const { error } of rows) codes.push(error?.code)
  expect(codes).toEqual(['row_invalid', undefined])
})

test('an end whose time is no time counts from when it was found', async () => {
  const { jobs, receiver, world } = await createService({ state: 'JOB_STATE_EXPIRED', endTime: 'soon' })
  const times: unknown[] = []
  receiver.on('*', ({ timestamp }) => void times.push(timestamp))
  await jobs.track('batches/x')
  await jobs.reconcile()
  await world.settle()
  expect(times).toEqual([new Date(world.clock.now()).toISOString()])
})
