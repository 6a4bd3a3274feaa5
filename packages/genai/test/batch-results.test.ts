import { PermanentError, parseEvent, WebhookError } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { type BatchRow, batchResults, fetchResult } from '../src/index.ts'
import { batch, serveApi } from './google.ts'
import { SDKS, startEmulator } from './support.ts'

const event = (data: object = {}, type = 'batch.succeeded') =>
  parseEvent(JSON.stringify({ type, data: { id: 'batches/one', ...data } }))

const line = (key: string) => ({ key, response: { candidates: [{ content: { parts: [{ text: key }] } }] } })
const toFile = (...lines: (object | string)[]) =>
  lines.map((one) => `${typeof one === 'string' ? one : JSON.stringify(one)}\n`).join('')

async function collect(rows: AsyncIterable<BatchRow>): Promise<BatchRow[]> {
  const all: BatchRow[] = []
  for await (const row of rows) all.push(row)
  return all
}

/** What the tests compare of a failure: its code, and whether a queue would retry it. */
async function failure(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => expect.unreachable(),
    (reason) => reason,
  )
  const permanent = error instanceof PermanentError
  expect(permanent || error instanceof WebhookError).toBe(true)
  return { code: (error as WebhookError).code, permanent }
}

describe.each(SDKS)('with @google/genai $sdk', ({ connect }) => {
  test.each([
    ['a name', (id: string) => `files/${id}`],
    ['a URL', (id: string) => `https://generativelanguage.googleapis.com/v1beta/files/${id}`],
    ['a URL to download', (id: string) => `https://x.example/v1/files/${id}:download?alt=media`],
  ])('rows come from the file of the event, given as %s', async (_, pointer) => {
    const { url } = await startEmulator()
    const client = connect(url)
    const text = toFile(line('a'), line('b'))
    const file = await client.files.upload({
      file: new Blob([text]),
      config: { mimeType: 'application/jsonl' },
    })
    const id = file.name!.slice('files/'.length)
    const rows = await collect(batchResults(client, event({ output_file_uri: pointer(id) })))
    expect(rows.map(({ index, key, response }) => [index, key, response])).toEqual([
      [0, 'a', line('a').response],
      [1, 'b', line('b').response],
    ])
  })

  test('a file named files/batch-… is fetched whole, with the key and the version of the client, and nothing else is asked', async () => {
    const { url, requests } = await serveApi({ 'files/batch-one-x:download': toFile(line('a')) })
    const pointer = 'https://generativelanguage.googleapis.com/v1beta/files/batch-one-x'
    expect(await collect(batchResults(connect(url), event({ output_file_uri: pointer })))).toHaveLength(1)
    expect(requests).toMatchObject([{ method: 'GET', path: 'files/batch-one-x:download', key: 'test' }])
  })

  test('the job is requested when the event names no file', async () => {
    const { url } = await serveApi({
      'batches/one': batch('SUCCEEDED', { responsesFile: 'files/batch-one' }),
      'files/batch-one:download': toFile(line('a')),
    })
    const result = await fetchResult(event(), { client: connect(url) })
    expect(result).toMatchObject({ kind: 'batch', job: 'batches/one', file: 'files/batch-one' })
    expect(await collect(batchResults(connect(url), event()))).toHaveLength(1)
  })

  test('inlined responses keep their order and metadata, and a failed request is a row with an error', async () => {
    const inlinedResponses = [
      { response: { candidates: [] }, metadata: { key: 'k1', part: '7' } },
      { error: { code: 3, message: 'bad request' }, metadata: { key: 'k2' } },
      { response: { candidates: [] } },
    ]
    const output = { inlinedResponses: { inlinedResponses } }
    const { url } = await serveApi({ 'batches/one': batch('SUCCEEDED', output) })
    expect(await collect(batchResults(connect(url), event()))).toMatchObject([
      { index: 0, key: 'k1', metadata: { part: '7' }, response: {} },
      { index: 1, key: 'k2', error: { code: '3', message: 'bad request' } },
      { index: 2, key: undefined, metadata: undefined, response: {} },
    ])
  })

  test.each([
    [404, { code: 'result_not_found', permanent: true }],
    [400, { code: 'result_unavailable', permanent: false }],
    [401, { code: 'result_unavailable', permanent: false }],
    [403, { code: 'result_unavailable', permanent: false }],
    [429, { code: 'result_unavailable', permanent: false }],
    [500, { code: 'result_unavailable', permanent: false }],
    [503, { code: 'result_unavailable', permanent: false }],
  ])('a %i of the job or of the file says whether to try again', async (status, expected) => {
    const { url } = await serveApi({ 'batches/one': status, 'files/batch-one:download': status })
    const client = connect(url)
    expect(await failure(fetchResult(event(), { client }))).toEqual(expected)
    const rows = batchResults(client, event({ output_file_uri: 'files/batch-one' }))
    expect(await failure(collect(rows))).toEqual(expected)
  })

  test('an unreachable API is retried later', async () => {
    const client = connect('http://127.0.0.1:9')
    expect(await failure(fetchResult(event(), { client }))).toMatchObject({ permanent: false })
    const rows = batchResults(client, event({ output_file_uri: 'files/batch-one' }))
    expect(await failure(collect(rows))).toMatchObject({ permanent: false })
  })
})

const [{ connect }] = SDKS as [(typeof SDKS)[number]]

test('every known form of line is read, and any other line becomes a row with an error', async () => {
  const text = toFile(
    { key: 1, response: { a: 1 } },
    { metadata: { key: 'm' }, response: { a: 2 } },
    { key: 'e', error: { code: 13, message: 'internal' } },
    { key: 's', status: { code: 8, message: 'exhausted' } },
    '',
    'no JSON',
    '[]',
    {},
    `{"key":"long","response":{"a":"${'x'.repeat(200)}"}}`,
  )
  const { url } = await serveApi({ 'files/f:download': `${text}${JSON.stringify(line('last'))}` })
  const rows = await collect(
    batchResults(connect(url), event({ output_file_uri: 'files/f' }), { maxRowBytes: 150 }),
  )
  expect(rows.map(({ index, key, error }) => [index, key, error?.code])).toEqual([
    [0, '1', undefined],
    [1, 'm', undefined],
    [2, 'e', '13'],
    [3, 's', '8'],
    [4, undefined, 'row_invalid'],
    [5, undefined, 'row_invalid'],
    [6, undefined, 'row_invalid'],
    [7, undefined, 'row_invalid'],
    [8, 'last', undefined],
  ])
})

test('a line split between chunks, even within a character, is joined', async () => {
  const bytes = new TextEncoder().encode(toFile({ key: 'a', response: { text: 'é🙂' } }, line('b')))
  const fetchFile = async () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
  const rows = await collect(
    batchResults(connect('http://127.0.0.1:9'), event({ file_name: 'files/f' }), { fetchFile }),
  )
  expect(rows.map(({ key, response }) => [key, response])).toEqual([
    ['a', { text: 'é🙂' }],
    ['b', line('b').response],
  ])
})

test('a caller that stops early stops the download; one that reads again reads from the start', async () => {
  let cancelled = 0
  let pulled = 0
  const fetchFile = async () =>
    new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++
          controller.enqueue(new TextEncoder().encode(toFile(line(`row-${pulled}`))))
        },
        cancel() {
          cancelled++
        },
      },
      { highWaterMark: 0 },
    )
  const client = connect('http://127.0.0.1:9')
  const result = await fetchResult(event({ file_name: 'files/f' }), { client, fetchFile })
  if (result.kind !== 'batch') throw new TypeError('no batch')
  for (const _ of [1, 2]) {
    for await (const row of result) {
      expect(row.index).toBe(0)
      break
    }
  }
  expect([cancelled, pulled]).toEqual([2, 2])
})

test('a connection that breaks in the middle can be retried', async () => {
  const fetchFile = async () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new TypeError('terminated'))
      },
    })
  const rows = batchResults(connect('http://127.0.0.1:9'), event({ file_name: 'files/f' }), { fetchFile })
  expect(await failure(collect(rows))).toEqual({ code: 'result_unavailable', permanent: false })
})

test('an aborted read rejects with the reason', async () => {
  const { url } = await serveApi({ 'files/f:download': toFile(line('a'), line('b')) })
  const controller = new AbortController()
  const options = { client: connect(url), signal: controller.signal }
  const result = await fetchResult(event({ file_name: 'files/f' }), options)
  controller.abort(new RangeError('enough'))
  if (result.kind !== 'batch') throw new TypeError('no batch')
  await expect(collect(result)).rejects.toThrow('enough')
})

test.each([
  ['failed', 'failed', { error_code: 3, error_message: 'bad input' }],
  ['expired', 'expired', {}],
  ['cancelled', 'cancelled', {}],
])('batch.%s has no result, and says why', async (state, reason, data) => {
  const client = connect('http://127.0.0.1:9')
  const refused = fetchResult(event(data, `batch.${state}`), { client })
  await expect(refused).rejects.toMatchObject({ name: 'JobFailedError', code: 'job_failed', reason })
  await expect(refused).rejects.toBeInstanceOf(PermanentError)
  if (state === 'failed')
    await expect(refused).rejects.toThrow('batches/one ended without a result (failed): 3 bad input')
})

test('for a bucket URI the job is requested, because the API has no buckets', async () => {
  const { url } = await serveApi({
    'batches/one': batch('SUCCEEDED', { responsesFile: 'files/batch-one' }),
    'files/batch-one:download': toFile(line('a')),
  })
  const rows = batchResults(connect(url), event({ output_file_uri: 'gs://bucket/results.jsonl' }))
  expect(await collect(rows)).toHaveLength(1)
})

test('a job without responses is a permanent error once it has ended, and is retried while it lags behind its event', async () => {
  const { url } = await serveApi({ 'batches/one': batch('SUCCEEDED') })
  expect(await failure(fetchResult(event(), { client: connect(url) }))).toEqual({
    code: 'result_not_found',
    permanent: true,
  })
  const { url: ahead } = await serveApi({ 'batches/one': batch('RUNNING') })
  expect(await failure(fetchResult(event(), { client: connect(ahead) }))).toMatchObject({ permanent: false })
})

test('an event without a job, or of a kind without results, is refused', async () => {
  const client = connect('http://127.0.0.1:9')
  const nothing = parseEvent('{"type":"ping","data":{}}')
  await expect(fetchResult(nothing, { client })).rejects.toMatchObject({ code: 'option_invalid' })
  const ping = parseEvent('{"type":"ping","data":{"id":"x"}}')
  await expect(fetchResult(ping, { client })).rejects.toMatchObject({ code: 'option_invalid' })
})
