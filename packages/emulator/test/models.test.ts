import { expect, test } from 'vitest'
import type { RespondRequest } from '../src/index.ts'
import { call, createTestEmulator, startEmulator } from './support.ts'

const model = 'gemini-3.8-flash'
const contents = 'one two three four five six seven eight nine ten'

test('generateContent answers with an echo and its usage', async () => {
  const { ai } = await startEmulator()
  const response = await ai.models.generateContent({ model, contents })
  expect(response.text).toBe(`Echo: ${contents}`)
  expect(response).toMatchObject({
    modelVersion: model,
    candidates: [{ finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 14, totalTokenCount: 26 },
  })
})

test('streamGenerateContent sends the answer in several pieces', async () => {
  const { ai } = await startEmulator()
  const texts: string[] = []
  let usage: unknown
  for await (const chunk of await ai.models.generateContentStream({ model, contents })) {
    texts.push(chunk.text!)
    usage = chunk.usageMetadata
  }
  expect(texts.length).toBeGreaterThan(1)
  expect([texts.join(''), usage]).toEqual([
    `Echo: ${contents}`,
    expect.objectContaining({ totalTokenCount: 26 }),
  ])
})

test('streamGenerateContent without alt=sse answers with a JSON array', async () => {
  const body = { contents: [{ parts: [{ text: contents }] }] }
  const answer = await call(
    createTestEmulator(),
    'POST',
    `/v1beta/models/${model}:streamGenerateContent`,
    body,
  )
  expect(answer.body.at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }] })
})

test('countTokens counts the contents', async () => {
  const { ai } = await startEmulator()
  expect(await ai.models.countTokens({ model, contents: 'x'.repeat(10) })).toMatchObject({ totalTokens: 3 })
})

test('equal texts have equal embeddings of length 1, others do not', async () => {
  const { ai } = await startEmulator()
  const { embeddings } = await ai.models.embedContent({ model, contents: ['a', 'b', 'a'] })
  const [a, b, again] = embeddings!.map(({ values }) => values!)
  expect(a).toHaveLength(3072)
  expect(again).toEqual(a)
  expect(b).not.toEqual(a)
  expect(Math.hypot(...a!)).toBeCloseTo(1, 3)
  const small = await ai.models.embedContent({ model, contents: 'a', config: { outputDimensionality: 3 } })
  expect(small.embeddings![0]!.values).toHaveLength(3)
  const one = { content: { parts: [{ text: 'a' }] } }
  const single = await call(createTestEmulator(), 'POST', `/v1/models/${model}:embedContent`, one)
  expect(single.body.embedding.values).toEqual(a)
})

test('wrong calls are answered as google.rpc.Status', async () => {
  const emulator = createTestEmulator()
  const cases = [
    ['generateContent', {}],
    ['streamGenerateContent', { contents: [] }],
    ['countTokens', {}],
    ['embedContent', {}],
    ['embedContent', { content: {}, outputDimensionality: 0 }],
    ['batchEmbedContents', {}],
    ['batchEmbedContents', { requests: [{}] }],
  ] as const
  for (const [method, body] of cases) {
    const answer = await call(emulator, 'POST', `/v1beta/models/${model}:${method}`, body)
    expect([method, answer.status, answer.body.error.status]).toEqual([method, 400, 'INVALID_ARGUMENT'])
  }
  for (const method of ['explode', 'constructor', '']) {
    expect((await call(emulator, 'POST', `/v1beta/models/${model}:${method}`, {})).status).toBe(404)
  }
})

test('respond answers for the model', async () => {
  const asked: RespondRequest[] = []
  const { ai } = await startEmulator({
    respond: async (request) => {
      asked.push(request)
      return `Answer to ${request.prompt}`
    },
  })
  const config = { temperature: 0.5 }
  expect((await ai.models.generateContent({ model, contents: 'hi', config })).text).toBe('Answer to hi')
  expect(asked).toMatchObject([
    { kind: 'generateContent', model, prompt: 'hi', request: { generationConfig: { temperature: 0.5 } } },
  ])
})

test('what respond throws is answered with 500 and its message', async () => {
  const body = { contents: [{ parts: [{ text: 'x' }] }] }
  const path = `/v1/models/${model}:generateContent`
  const cases = [
    [() => Promise.reject(new Error('out of ideas')), 'out of ideas'],
    [() => 7 as unknown as string, 'respond must return a string, not number'],
  ] as const
  for (const [respond, message] of cases) {
    const answer = await call(createTestEmulator({ respond }), 'POST', path, body)
    expect(answer.body.error).toEqual({ code: 500, status: 'INTERNAL', message })
  }
})
