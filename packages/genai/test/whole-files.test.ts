import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { PermanentError, parseEvent } from '@gwh/core'
import { expect, onTestFinished, test } from 'vitest'
import { batchResults, fetchResult } from '../src/index.ts'
import { connect3 } from './support.ts'

const line = (key: number) => `${JSON.stringify({ key: `k${key}`, response: { candidates: [] } })}\n`
const LINES = [0, 1, 2, 3].map(line).join('')
const MANY = Array.from({ length: 5_000 }, (_, key) => line(key * 7919)).join('')
const CUT_GZIP = gzipSync(MANY).subarray(0, gzipSync(MANY).length >> 1)
const box = (type: string, size: number) => {
  const bytes = Buffer.alloc(size, 1)
  bytes.writeUInt32BE(size)
  bytes.write(type, 4, 'latin1')
  return bytes
}
const long = Buffer.concat([
  Buffer.from([0, 0, 0, 1]),
  Buffer.from('mdat'),
  Buffer.alloc(8),
  Buffer.alloc(84, 7),
])
long.writeBigUInt64BE(100n, 8)
const FILM = Buffer.concat([box('ftyp', 24), long, box('moov', 50)])
const TEXT = { 'content-type': 'text/plain' }

/** Serves one file, and says how many bytes it has if `sizeBytes` is given. */
async function serveFile(answer: (response: ServerResponse) => void, sizeBytes?: number): Promise<string> {
  const server: Server = createServer((request, response) => {
    if (request.url!.includes(':download')) return answer(response)
    response.writeHead(sizeBytes === undefined ? 404 : 200).end(JSON.stringify({ sizeBytes: `${sizeBytes}` }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An answer whose end is the end of the connection, so that HTTP does not show whether it is cut. */
function untilClosed(body: string | Uint8Array) {
  return ({ socket }: ServerResponse) => {
    socket!.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n')
    socket!.end(body)
  }
}

const withHeaders = (body: string | Uint8Array, headers: object) => (response: ServerResponse) =>
  void response.writeHead(200, { ...headers }).end(body)

async function readRows(url: string): Promise<unknown[]> {
  const data = { id: 'batches/x', output_file_uri: 'files/x' }
  const rows: unknown[] = []
  const event = parseEvent(JSON.stringify({ type: 'batch.succeeded', data }))
  for await (const { key } of batchResults(connect3(url), event)) rows.push(key)
  return rows
}

async function readVideo(url: string): Promise<Uint8Array> {
  const data = { id: 'models/m/operations/x', file_name: 'files/x' }
  const event = parseEvent(JSON.stringify({ type: 'video.generated', data }))
  const video = await fetchResult(event, { client: connect3(url) })
  if (video.kind !== 'video') throw new TypeError('no video')
  return await video.bytes()
}

const ERROR = { error: { code: 503, message: 'backend away', status: 'UNAVAILABLE' } }
const half = line(0) + line(1)

test.each<[string, (response: ServerResponse) => void, number?]>([
  ['without a byte', withHeaders('', {})],
  ['with half of its compressed bytes', withHeaders(CUT_GZIP, { 'content-encoding': 'gzip' })],
  ['with half of its lines', untilClosed(half), LINES.length],
  ['cut within a line', untilClosed(half.slice(0, -9))],
  ['as an error of the API', withHeaders(JSON.stringify(ERROR), { 'content-type': 'application/json' })],
  ['as an error on several lines', withHeaders(JSON.stringify(ERROR, null, 2), {})],
  ['as a text', withHeaders('Sign in\nplease\n', TEXT)],
])('a batch that arrives %s is requested again later', async (_, answer, sizeBytes) => {
  const rows = readRows(await serveFile(answer, sizeBytes))
  await expect(rows).rejects.toMatchObject({ code: 'result_unavailable' })
  await expect(rows).rejects.not.toBeInstanceOf(PermanentError)
})

test.each<[string, string | Uint8Array, object, number?]>([
  ['compressed', gzipSync(LINES), { 'content-encoding': 'gzip' }, LINES.length],
  ['compressed, of an unknown size', gzipSync(LINES), { 'content-encoding': 'gzip' }],
  ['without a last line break', LINES.slice(0, -1), {}],
])('a batch that arrives whole, %s, is read', async (_, body, headers, sizeBytes) => {
  const url = await serveFile(withHeaders(body, headers), sizeBytes)
  expect(await readRows(url)).toEqual(['k0', 'k1', 'k2', 'k3'])
})

test('the only request of a batch may have failed', async () => {
  const row = JSON.stringify({ error: { code: 3, message: 'bad request' } })
  expect(await readRows(await serveFile(withHeaders(row, {})))).toEqual([undefined])
})

test.each<[string, (response: ServerResponse) => void, number?]>([
  ['without a byte', withHeaders('', {})],
  ['as an error of the API', withHeaders(JSON.stringify(ERROR), { 'content-type': 'application/json' })],
  ['as a text', withHeaders('Sign in', TEXT)],
  ['cut in a box', untilClosed(FILM.subarray(0, 80))],
  ['cut in the header of a box', untilClosed(FILM.subarray(0, 127))],
  ['without its last box', untilClosed(FILM.subarray(0, 124)), FILM.length],
])('a video that arrives %s is requested again later', async (_, answer, sizeBytes) => {
  const bytes = readVideo(await serveFile(answer, sizeBytes))
  await expect(bytes).rejects.toMatchObject({ code: 'result_unavailable' })
})

test.each([
  ['MP4', FILM],
  [
    'MP4 with a last box of no size',
    Buffer.concat([FILM, Buffer.from([0, 0, 0, 0]), Buffer.from('mdat12345')]),
  ],
  ['another format', Buffer.from([0, 1, 2, 3, 250])],
])('a whole video is read: %s', async (_, film) => {
  expect(Buffer.from(await readVideo(await serveFile(untilClosed(film))))).toEqual(film)
})
