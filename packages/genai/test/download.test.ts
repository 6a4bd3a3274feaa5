import { GoogleGenAI } from '@google/genai'
import { PermanentError, parseEvent } from '@gwh/core'
import { describe, expect, test } from 'vitest'
import { fetchResult, ResultUnavailableError } from '../src/index.ts'
import { type Answers, serveApi } from './google.ts'
import { SDKS, serveFetch } from './support.ts'

const PAGE = '<!doctype html><title>Sign in to the hotel network</title>'
const page = () => new Response(PAGE, { headers: { 'content-type': 'text/html; charset=utf-8' } })
const event = (type: string, data: object) => parseEvent(JSON.stringify({ type, data: { id: 'x', ...data } }))
const FILM = new Uint8Array([0, 1, 2, 3])
const FILE = { file_name: 'files/v' }

describe.each(SDKS)('with @google/genai $sdk', ({ connect }) => {
  async function download(answers: Answers) {
    const { url, requests } = await serveApi(answers)
    const result = await fetchResult(event('video.generated', FILE), { client: connect(url) })
    if (result.kind !== 'video') throw new TypeError('no video')
    return { bytes: result.bytes(), requests }
  }

  test.each<[string, () => Response, RegExp]>([
    ['a page of a proxy', page, /text\/html/],
    ['a part of the file', () => new Response('part', { status: 206 }), /206/],
    ['no content', () => new Response(null, { status: 204 }), /204/],
    ['a redirect to nowhere', () => new Response(null, { status: 302 }), /302/],
    [
      'redirects without end',
      () => new Response(null, { status: 302, headers: { location: './v:download' } }),
      /redirects/,
    ],
  ])('%s is no result, and is requested again later', async (_, answer, message) => {
    const { bytes } = await download({ 'files/v:download': answer })
    await expect(bytes).rejects.toBeInstanceOf(ResultUnavailableError)
    await expect(bytes).rejects.toThrow(message)
  })

  test.each<[string, string, Answers]>([
    ['batch.succeeded', 'batches/x', { 'batches/x': page }],
    ['video.generated', 'models/veo/operations/x', { 'models/veo/operations/x': page }],
    ['interaction.completed', 'x', { 'interactions/x': page }],
  ])('a page instead of the job of a %s event is no result either', async (type, id, answers) => {
    const { url } = await serveApi(answers)
    const refused = fetchResult(event(type, { id }), { client: connect(url) })
    await expect(refused).rejects.toMatchObject({ code: 'result_unavailable' })
    await expect(refused).rejects.not.toBeInstanceOf(PermanentError)
  })

  test('the API key does not follow a redirect to another origin, and does not return from it', async () => {
    const seen: [string, string | null][] = []
    const note = (at: string, { headers }: Request) => seen.push([at, headers.get('x-goog-api-key')])
    let home = ''
    const storage = await serveFetch(async (request) => {
      note('storage', request)
      return new Response(null, { status: 307, headers: { location: home } })
    })
    const api = await serveFetch(async (request) => {
      note('api', request)
      if (!request.url.endsWith('alt=media')) return new Response(FILM)
      return new Response(null, { status: 302, headers: { location: storage } })
    })
    home = api
    const result = await fetchResult(event('video.generated', FILE), { client: connect(api) })
    if (result.kind !== 'video') throw new TypeError('no video')
    expect(await result.bytes()).toEqual(FILM)
    expect(seen).toEqual([
      ['api', 'test'],
      ['storage', null],
      ['api', null],
    ])
  })

  test('the API key follows a redirect within the API', async () => {
    const location = '/hook/v1/files/v2:download'
    const { bytes, requests } = await download({
      'files/v:download': () => new Response(null, { status: 302, headers: { location } }),
      'files/v2:download': FILM,
    })
    expect(await bytes).toEqual(FILM)
    expect(requests.map(({ key }) => key)).toEqual(['test', 'test'])
  })
})

test('a timeout of the client ends a download that is not answered', async () => {
  const url = await serveFetch(() => new Promise(() => {}))
  const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: url, timeout: 20 } })
  const result = await fetchResult(event('video.generated', FILE), { client })
  if (result.kind !== 'video') throw new TypeError('no video')
  await expect(result.bytes()).rejects.toMatchObject({
    code: 'result_unavailable',
    message: expect.stringContaining('no answer after 20 ms'),
  })
})
