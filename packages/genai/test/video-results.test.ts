import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseEvent } from '@gwh/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fetchResult } from '../src/index.ts'
import { type Answers, serveApi } from './google.ts'
import { SDKS } from './support.ts'

const run = promisify(execFile)

const OPERATION = 'models/veo/operations/op1'
const videoEvent = (data: object = {}) =>
  parseEvent(JSON.stringify({ type: 'video.generated', data: { id: OPERATION, ...data } }))
const done = (response: object) => ({
  name: OPERATION,
  done: true,
  response: { generateVideoResponse: response },
})
const sample = (id: string) => ({
  video: { uri: `https://generativelanguage.googleapis.com/v1beta/files/${id}:download?alt=media` },
})

const FILM = new Uint8Array(100_000).map((_, index) => index % 251)

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-genai-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

async function video(answers: Answers, data?: object) {
  const { url, requests } = await serveApi(answers)
  const result = await fetchResult(videoEvent(data), { client: SDKS[1]!.connect(url) })
  if (result.kind !== 'video') throw new TypeError('no video')
  return { result, requests }
}

describe.each(SDKS)('with @google/genai $sdk', ({ connect }) => {
  test('a video is fetched through its operation', async () => {
    const { url } = await serveApi({
      [OPERATION]: done({ generatedSamples: [sample('a1'), sample('b2')] }),
      'files/a1:download': FILM,
    })
    const result = await fetchResult(videoEvent(), { client: connect(url) })
    if (result.kind !== 'video') throw new TypeError('no video')
    expect(result).toMatchObject({ job: OPERATION, file: 'files/a1' })
    expect(await result.bytes()).toEqual(FILM)
    expect((await result.all()).map(({ file }) => file)).toEqual(['files/a1', 'files/b2'])
  })
})

test('the file of a video event is fetched without asking for the operation', async () => {
  const { result, requests } = await video({ 'files/vid-1:download': FILM }, { video_uri: 'files/vid-1' })
  expect(await result.bytes()).toEqual(FILM)
  const stream = await result.stream()
  expect(new Uint8Array(await new Response(stream).arrayBuffer())).toEqual(FILM)
  expect(requests.map(({ path }) => path)).toEqual(['files/vid-1:download', 'files/vid-1:download'])
})

test('a video is saved under its name only once it is complete', async () => {
  const folder = temporaryFolder()
  const { result } = await video({ 'files/v:download': FILM }, { file_name: 'files/v' })
  await result.saveTo(join(folder, 'film.mp4'))
  expect(new Uint8Array(readFileSync(join(folder, 'film.mp4')))).toEqual(FILM)
  expect(readdirSync(folder)).toEqual(['film.mp4'])
})

test('a video is saved under the longest name that a file can have', async () => {
  const path = join(temporaryFolder(), `${'n'.repeat(251)}.mp4`)
  const { result } = await video({ 'files/v:download': FILM }, { file_name: 'files/v' })
  await result.saveTo(path)
  expect(new Uint8Array(readFileSync(path))).toEqual(FILM)
})

test('what a killed process left of a video is removed when the same file is saved, and nothing else', async () => {
  const folder = temporaryFolder()
  const film = join(folder, 'film.mp4')
  let seen: string[] = []
  const fetchFile = async () => {
    seen = readdirSync(folder)
    return new Response(FILM).body!
  }
  const client = SDKS[1]!.connect('http://127.0.0.1:9')
  const result = await fetchResult(videoEvent({ file_name: 'files/v' }), { client, fetchFile })
  if (result.kind !== 'video') throw new TypeError('no video')
  await result.saveTo(join(folder, 'other.mp4'))
  const [ofOther] = seen
  await result.saveTo(film)
  const ofFilm = seen.find((name) => name.endsWith('.part'))!
  const toPart = (name: string) => name.replace(/.{36}\.part$/, `${crypto.randomUUID()}.part`)
  const [left, running, foreign] = [toPart(ofFilm), toPart(ofFilm), toPart(ofOther!)]
  for (const name of [left, running, foreign, 'mine.part']) {
    writeFileSync(join(folder, name), 'x')
    if (name !== running) utimesSync(join(folder, name), 1, 1)
  }
  await result.saveTo(film)
  expect(readdirSync(folder).sort()).toEqual(['film.mp4', 'other.mp4', running, foreign, 'mine.part'].sort())
})

test('a video whose download breaks leaves no file', async () => {
  const folder = temporaryFolder()
  const fetchFile = async () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(FILM),
      pull: (controller) => controller.error(new TypeError('terminated')),
    })
  const client = SDKS[1]!.connect('http://127.0.0.1:9')
  const result = await fetchResult(videoEvent({ file_name: 'files/v' }), { client, fetchFile })
  if (result.kind !== 'video') throw new TypeError('no video')
  await expect(result.saveTo(join(folder, 'film.mp4'))).rejects.toMatchObject({ code: 'result_unavailable' })
  expect(existsSync(folder) && readdirSync(folder)).toEqual([])
})

test('a video that the disk has no room for is an error, and leaves neither a file nor a download', async () => {
  const folder = temporaryFolder()
  const child = fileURLToPath(new URL('children/save-video.ts', import.meta.url))
  const node = [process.execPath, '--conditions=@gwh/source', '--experimental-strip-types', '--no-warnings']
  // Like a full disk, a limit on the size of files takes the part of a chunk that still fits.
  const limited = 'ulimit -f 64; exec "$@"'
  const args = [child, join(folder, 'film.mp4'), String(FILM.length)]
  const { stdout } = await run('sh', ['-c', limited, 'sh', ...node, ...args])
  expect(JSON.parse(stdout)).toEqual({ code: 'EFBIG', cancelled: true, files: [] })
})

test('a video for a folder that does not exist is not downloaded', async () => {
  const { result, requests } = await video({ 'files/v:download': FILM }, { file_name: 'files/v' })
  const path = join(temporaryFolder(), 'nowhere', 'film.mp4')
  await expect(result.saveTo(path)).rejects.toMatchObject({ code: 'ENOENT' })
  expect(requests).toEqual([])
})

test('a video that cannot be opened leaves no file', async () => {
  const folder = temporaryFolder()
  const { result } = await video({ 'files/v:download': 503 }, { file_name: 'files/v' })
  await expect(result.saveTo(join(folder, 'film.mp4'))).rejects.toMatchObject({ code: 'result_unavailable' })
  expect(readdirSync(folder)).toEqual([])
})

test.each<[string, object, object]>([
  [
    'failed',
    { name: OPERATION, done: true, error: { code: 3, message: 'unsafe' } },
    { code: 'job_failed', reason: 'failed', errorCode: '3' },
  ],
  [
    'was filtered',
    done({ raiMediaFilteredCount: 1, raiMediaFilteredReasons: ['people'] }),
    { code: 'job_failed', reason: 'filtered', errorMessage: 'people' },
  ],
  ['has no video', done({}), { code: 'result_not_found' }],
  [
    'has a video elsewhere',
    done({ generatedSamples: [{ video: { uri: 'gs://b/v.mp4' } }] }),
    { code: 'result_unsupported' },
  ],
  ['still runs', { name: OPERATION }, { code: 'result_unavailable' }],
])('a video job that %s is an error with a code', async (_, answer, expected) => {
  await expect(video({ [OPERATION]: answer })).rejects.toMatchObject(expected)
})

test('a client that hides its connection details needs fetchFile', async () => {
  const { batches, operations, interactions } = SDKS[1]!.connect('http://127.0.0.1:9')
  const result = await fetchResult(videoEvent({ file_name: 'files/v' }), {
    client: { batches, operations, interactions },
  })
  if (result.kind !== 'video') throw new TypeError('no video')
  await expect(result.bytes()).rejects.toMatchObject({ code: 'result_unsupported' })
})
