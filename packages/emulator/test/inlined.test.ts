import { expect, test } from 'vitest'
import { call, createTestEmulator } from './support.ts'

const MODEL = '/v1beta/models/gemini-embedding-001'

/** As many embedding requests, with small vectors. */
const embeddings = (count: number, outputDimensionality = 1) =>
  Array.from({ length: count }, () => ({ content: { parts: [{ text: 'x' }] }, outputDimensionality }))

const batchOf = (count: number, dimensions?: number) => ({
  batch: {
    inputConfig: {
      requests: { requests: embeddings(count, dimensions).map((request) => ({ request })) },
    },
  },
})

test('batchEmbedContents takes 100 requests and no more, as Google does', async () => {
  const emulator = createTestEmulator()
  const embed = (count: number) =>
    call(emulator, 'POST', `${MODEL}:batchEmbedContents`, { requests: embeddings(count) })
  expect((await embed(100)).body.embeddings).toHaveLength(100)
  const { status, body } = await embed(101)
  expect([status, body.error]).toEqual([
    400,
    {
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch',
    },
  ])
})

test.each([
  [{}, 1000],
  [{ limits: { inlinedRequests: 3 } }, 3],
])('a batch with the options %j takes %i inlined requests and no more', async (options, limit) => {
  const emulator = createTestEmulator(options)
  const create = (count: number) => call(emulator, 'POST', `${MODEL}:asyncBatchEmbedContent`, batchOf(count))
  expect((await create(limit)).status).toBe(200)
  const { status, body } = await create(limit + 1)
  expect([status, body.error.status]).toEqual([400, 'INVALID_ARGUMENT'])
  expect(body.error.message).toContain(`at most ${limit} inlined requests (limits.inlinedRequests)`)
  expect((await call(emulator, 'GET', '/v1beta/batches')).body.operations).toHaveLength(1)
})

test('other work runs while a batch answers its inlined requests', async () => {
  const emulator = createTestEmulator()
  await call(emulator, 'POST', `${MODEL}:asyncBatchEmbedContent`, batchOf(200, 3072))
  let turns = 0
  let isCounting = true
  const count = () => {
    turns += 1
    if (isCounting) setImmediate(count)
  }
  setImmediate(count)
  await emulator.clock.advance(3_600_000)
  isCounting = false
  expect(turns).toBeGreaterThanOrEqual(15)
})

test('a page of the list of batches ends early when it has thousands of inlined responses', async () => {
  const emulator = createTestEmulator()
  const names: string[] = []
  for (let made = 0; made < 3; made += 1) {
    names.push((await call(emulator, 'POST', `${MODEL}:asyncBatchEmbedContent`, batchOf(1000))).body.name)
  }
  await emulator.clock.advance(3_600_000)
  const first = (await call(emulator, 'GET', '/v1beta/batches')).body
  const token = encodeURIComponent(first.nextPageToken)
  const second = (await call(emulator, 'GET', `/v1beta/batches?pageToken=${token}`)).body
  const listed = [first, second].map(({ operations }) => operations.map(({ name }: { name: string }) => name))
  expect([listed, second.nextPageToken]).toEqual([[names.slice(0, 2), names.slice(2)], undefined])
})
