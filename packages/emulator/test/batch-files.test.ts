import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GoogleGenAI, JobState } from '@google/genai'
import { describe, expect, test } from 'vitest'
import type { EmulatorOptions } from '../src/index.ts'
import {
  call,
  createTestEmulator,
  register,
  SDKS,
  startEmulator,
  startReceiver,
  temporaryFolder,
} from './support.ts'

const model = 'gemini-3.8-flash'
const EVENTS = ['batch.succeeded', 'batch.failed', 'batch.cancelled', 'batch.expired']

const line = (key: string, text: string) =>
  JSON.stringify({ key, request: { contents: [{ parts: [{ text }] }] } })

/** An emulator with a subscribed receiver, and a way to run a batch over the lines of a file. */
async function startBatches(options: EmulatorOptions = {}) {
  const started = await startEmulator(options)
  const receiver = await startReceiver()
  await register(started.emulator, receiver.url, EVENTS)

  async function upload(ai: GoogleGenAI, lines: readonly string[]): Promise<string> {
    const file = new Blob([lines.join('\n')], { type: 'application/jsonl' })
    return (await ai.files.upload({ file })).name!
  }

  async function run(lines: readonly string[], ai = started.ai) {
    const src = await upload(ai, lines)
    const { name } = await ai.batches.create({ model, src })
    await started.emulator.clock.advance(2000)
    return { src, name: name!, batch: await ai.batches.get({ name: name! }) }
  }

  async function raw(name: string) {
    const { body } = await call(started.emulator, 'GET', `/v1beta/${name}`)
    return body
  }

  const events = () => receiver.received.map(({ body }) => JSON.parse(body))
  return { ...started, upload, run, raw, events }
}

/** A line of an output file. */
interface Answer {
  key: string
  response: { candidates: { content: { parts: { text: string }[] } }[] }
}

async function download(ai: GoogleGenAI, fileName: string) {
  const downloadPath = join(temporaryFolder(), 'out.jsonl')
  await ai.files.download({ file: fileName, downloadPath })
  const lines = readFileSync(downloadPath, 'utf8').trim().split('\n')
  return lines.map((text): Answer => JSON.parse(text))
}

const textOf = (answer: Answer) => answer.response.candidates[0]!.content.parts[0]!.text

describe.each(SDKS)('with the SDK %s', (_, connect) => {
  test('a batch over a file announces its output, a file with one answer a line', async () => {
    const { url, run, raw, events } = await startBatches()
    const ai = connect(url)
    const { name, batch } = await run([line('k1', 'one'), '', line('k2', 'two')], ai)
    const id = name.slice('batches/'.length)
    expect(batch).toMatchObject({
      state: JobState.JOB_STATE_SUCCEEDED,
      dest: { fileName: `files/batch-${id}` },
    })
    const answers = await download(ai, batch.dest!.fileName!)
    expect(answers.map((answer) => [answer.key, textOf(answer)])).toEqual([
      ['k1', 'Echo: one'],
      ['k2', 'Echo: two'],
    ])
    expect(events()).toMatchObject([
      { type: 'batch.succeeded', data: { id: name, output_file_uri: `files/batch-${id}` } },
    ])
    expect(await raw(name)).toMatchObject({
      metadata: { batchStats: { requestCount: '2', successfulRequestCount: '2' } },
      response: { responsesFile: `files/batch-${id}` },
    })
    // Its File object names no URI, which the SDK would cut at the dash.
    const file = await ai.files.get({ name: batch.dest!.fileName! })
    expect(file).toMatchObject({ source: 'GENERATED', mimeType: 'application/jsonl' })
    expect(await download(ai, file as unknown as string)).toEqual(answers)
  })

  test('embeddings come back inlined or as a file', async () => {
    const { url, emulator } = await startBatches()
    const ai = connect(url)
    const inlinedRequests = { contents: ['a', 'b'], config: { outputDimensionality: 2 } }
    const inlined = await ai.batches.createEmbeddings({ model, src: { inlinedRequests } })
    const content = { parts: [{ text: 'a' }] }
    const lines = [JSON.stringify({ key: 'k', request: { content, output_dimensionality: 2 } })]
    const file = await ai.files.upload({ file: new Blob(lines, { type: 'application/jsonl' }) })
    const fromFile = await ai.batches.createEmbeddings({ model, src: { fileName: file.name! } })
    await emulator.clock.advance(2000)
    const { dest } = await ai.batches.get({ name: inlined.name! })
    const vectors = dest!.inlinedEmbedContentResponses!.map(({ response }) => response!.embedding!.values)
    expect(vectors).toEqual([
      [expect.any(Number), expect.any(Number)],
      [expect.any(Number), expect.any(Number)],
    ])
    const done = await ai.batches.get({ name: fromFile.name! })
    const [answer] = await download(ai, done.dest!.fileName!)
    expect(answer).toEqual({ key: 'k', response: { embedding: { values: vectors[0] } } })
  })
})

test('one request fails while the others succeed', async () => {
  const respond = ({ prompt }: { prompt: string }) => {
    if (prompt === 'bad') throw new Error('no answer to this')
    return prompt.toUpperCase()
  }
  const { ai, run, raw } = await startBatches({ respond })
  const { name, batch } = await run([line('k1', 'good'), line('k2', 'bad')])
  expect(batch.state).toBe(JobState.JOB_STATE_SUCCEEDED)
  const [good, bad] = await download(ai, batch.dest!.fileName!)
  expect(textOf(good!)).toBe('GOOD')
  expect(bad).toEqual({ key: 'k2', error: { code: 13, message: 'no answer to this' } })
  expect((await raw(name)).metadata.batchStats).toEqual({
    requestCount: '2',
    successfulRequestCount: '1',
    failedRequestCount: '1',
  })
})

test('a scenario says which requests fail, and the batch succeeds without an error of its own', async () => {
  const error = { code: 8, message: 'no room' }
  const { ai, run, raw, events } = await startBatches({
    scenarios: [{ then: { failedRequests: [1], error } }],
  })
  const { name, batch } = await run([line('k1', 'a'), line('k2', 'b')])
  const answers = await download(ai, batch.dest!.fileName!)
  expect(answers[1]).toEqual({ key: 'k2', error })
  expect((await raw(name)).error).toBeUndefined()
  expect(events()).toMatchObject([{ type: 'batch.succeeded' }])
  expect(Object.keys(events()[0].data).sort()).toEqual(['id', 'output_file_uri'])
})

test('respond is asked with the key of the line', async () => {
  const { ai, run } = await startBatches({
    respond: ({ kind, key, request }) => JSON.stringify({ kind, key, request }),
  })
  const { batch } = await run([line('k1', 'x')])
  const [answer] = await download(ai, batch.dest!.fileName!)
  const asked = { kind: 'batch', key: 'k1', request: { contents: [{ parts: [{ text: 'x' }] }] } }
  expect(JSON.parse(textOf(answer!))).toEqual(asked)
})

test('a line that is no request fails the batch and is named', async () => {
  const cases = [
    ['{"key":', 'This is not valid JSON.'],
    ['[]', "'request' must be an object."],
    ['{"request":{}}', "'request.contents' must list contents."],
    ['{"key":7,"request":{"contents":[]}}', "'key' must be a string."],
    [line('long', 'x'.repeat(2000)), "This is longer than the emulator's limits.batchLineBytes of 1000."],
  ] as const
  const { ai, run, raw, events } = await startBatches({ limits: { batchLineBytes: 1000, files: 7 } })
  for (const [index, [wrong, message]] of cases.entries()) {
    const { src, name, batch } = await run([line('k1', 'x'), '', wrong])
    expect(batch.state).toBe(JobState.JOB_STATE_FAILED)
    const error = { code: 3, message: `${src}, line 3: ${message}` }
    expect((await raw(name)).error).toEqual(error)
    const data = { id: name, error_code: error.code, error_message: error.message }
    expect(events()[index]).toMatchObject({ type: 'batch.failed', data })
  }
  // The outputs that were begun are deleted, or there would be no room for this one.
  expect(await ai.batches.get({ name: (await run([line('k1', 'x')])).name })).toMatchObject({
    state: JobState.JOB_STATE_SUCCEEDED,
  })
})

test('a file without requests, and one that is deleted in time, fail the batch', async () => {
  const { ai, emulator, run, raw, upload } = await startBatches()
  const empty = await run(['\n\n'])
  expect((await raw(empty.name)).error.message).toBe(`The input file ${empty.src} has no requests.`)
  const src = await upload(ai, [line('k', 'x')])
  const { name } = await ai.batches.create({ model, src })
  await ai.files.delete({ name: src })
  await emulator.clock.advance(2000)
  expect((await raw(name!)).error).toEqual({ code: 5, message: `The input file ${src} is gone.` })
})

test('an output beyond a limit fails the batch by the name of the limit', async () => {
  const { run, raw } = await startBatches({ limits: { totalFileBytes: 300 } })
  const { name } = await run([line('k', 'x'.repeat(50))])
  expect((await raw(name)).error).toEqual({
    code: 8,
    message: "This goes beyond the emulator's limits.totalFileBytes of 300.",
  })
})

test('a file that does not exist is refused at once', async () => {
  const batch = { inputConfig: { fileName: 'files/none' } }
  const path = `/v1beta/models/${model}:batchGenerateContent`
  const answer = await call(createTestEmulator(), 'POST', path, { batch })
  expect([answer.status, answer.body.error]).toEqual([
    400,
    { code: 400, status: 'INVALID_ARGUMENT', message: "The input file 'files/none' does not exist." },
  ])
})

test('a batch that is cancelled while it runs stops, and leaves no output', async () => {
  let cancel = async () => {}
  const asked: string[] = []
  const { ai, emulator, run, events } = await startBatches({
    respond: async ({ key, prompt }) => {
      asked.push(key!)
      if (asked.length === 2) await cancel()
      return prompt
    },
  })
  cancel = async () => {
    for await (const { name } of await ai.batches.list()) await ai.batches.cancel({ name: name! })
  }
  const { batch } = await run(['a', 'b', 'c', 'd'].map((key) => line(key, 'x')))
  expect([batch.state, asked]).toEqual([JobState.JOB_STATE_CANCELLED, ['a', 'b']])
  expect(events().map(({ type }) => type)).toEqual(['batch.cancelled'])
  const { body } = await call(emulator, 'GET', '/v1beta/files')
  expect(body.files).toHaveLength(1)
})

test('closing the emulator in the middle of a batch leaves it to the next one', async () => {
  const state = join(temporaryFolder(), 'emulator.db')
  let reached: () => void = () => {}
  const inTheMiddle = new Promise<void>((resolve) => {
    reached = resolve
  })
  const respond = () => {
    reached()
    return new Promise<string>(() => {})
  }
  const first = await startEmulator({ state, respond })
  const src = (
    await first.ai.files.upload({ file: new Blob([line('k', 'x')], { type: 'application/jsonl' }) })
  ).name!
  const { name } = await first.ai.batches.create({ model, src })
  first.emulator.clock.resume()
  await inTheMiddle
  await first.emulator.close()
  const second = await startEmulator({ state })
  await second.emulator.clock.advance(0)
  expect(await second.ai.batches.get({ name: name! })).toMatchObject({ state: JobState.JOB_STATE_SUCCEEDED })
})
