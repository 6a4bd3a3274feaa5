import { inspect } from 'node:util'
import { GoogleGenAI } from '@google/genai'
import { createMemoryQueue, createReceiver, parseEvent } from '@gwh/core'
import { createMemoryLedger } from '@gwh/core/store'
import { GoogleGenAI as GoogleGenAI2 } from 'genai2'
import { describe, expect, test } from 'vitest'
import {
  createJobs,
  createWebhookConfig,
  ensureWebhook,
  fetchResult,
  type JobClient,
  rotateSecret,
} from '../src/index.ts'
import { serveApi } from './google.ts'
import { JOB_KEY, serveFetch } from './support.ts'

const CLASSES = [
  { sdk: '2.x', Client: GoogleGenAI2 as unknown as typeof GoogleGenAI },
  { sdk: '3.x', Client: GoogleGenAI },
]
const KEY = 'SENTINELKEY'
// As read from a file with two lines, and as copied from a page.
const KEYS = [`${KEY}\nSECONDLINE`, `${KEY}\u200b`]
const JOBS = [
  ['batch.succeeded', 'batches/x'],
  ['interaction.completed', 'v1_x'],
  ['video.generated', 'models/m/operations/x'],
] as const
const event = (type: string, data: object) => parseEvent(JSON.stringify({ type, data }))

/** All that a log or an observer may print of an error. */
function textsOf(error: unknown): string {
  const { message, stack, cause } = error as Error
  const seen = inspect(error, { depth: Number.POSITIVE_INFINITY })
  return [message, stack, seen, inspect(cause), JSON.stringify(error)].join('\n')
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  )
}

describe.each(CLASSES)('with @google/genai $sdk', ({ Client }) => {
  const connect = (apiKey: string, baseUrl: string) => new Client({ apiKey, httpOptions: { baseUrl } })

  test.each(KEYS)(
    'a key that is no header, %j, is not in the errors of a look-up or a download',
    async (key) => {
      const { url } = await serveApi({})
      const client = connect(key, url)
      for (const [type, id] of JOBS) {
        const error = await rejection(fetchResult(event(type, { id }), { client }))
        expect(error).toMatchObject({ code: 'result_unavailable' })
        expect(textsOf(error)).not.toContain(KEY)
        expect(textsOf(error)).toContain('the API key has a character that no header may hold')
      }
      const video = await fetchResult(event('video.generated', { id: 'x', file_name: 'files/x' }), { client })
      if (video.kind !== 'video') throw new TypeError('no video')
      const error = await rejection(video.bytes())
      expect(textsOf(error)).not.toContain(KEY)
      expect(textsOf(error)).toContain('the API key has a character that no header may hold')
    },
  )

  test.each(KEYS)('a key that is no header, %j, is not in the errors of webhook management', async (key) => {
    const { url } = await serveApi({})
    const client = connect(key, url)
    const webhook = { name: 'jobs', uri: 'https://app.example/', events: ['batch.succeeded'] }
    const calls = [
      rotateSecret({ client, webhook: 'w', save: () => {} }),
      ensureWebhook({ client, ...webhook }),
    ]
    for (const call of calls) {
      const error = await rejection(call)
      expect(error).toMatchObject({ code: 'api_failed' })
      expect(textsOf(error)).not.toContain(KEY)
    }
  })

  test('a key that an API repeats in its answer is not in the error', async () => {
    const url = await serveFetch(async ({ headers }) =>
      Response.json({ error: { message: `key ${headers.get('x-goog-api-key')}` } }, { status: 403 }),
    )
    for (const [type, id] of JOBS) {
      const error = await rejection(fetchResult(event(type, { id }), { client: connect(KEY, url) }))
      expect(error).toMatchObject({ apiStatus: 403 })
      expect(textsOf(error)).not.toContain(KEY)
    }
  })
})

test('a key that is no header reaches neither the observer, nor the queue', async () => {
  const client = new GoogleGenAI({ apiKey: KEYS[0]!, httpOptions: { baseUrl: 'http://127.0.0.1:9' } })
  const signals: unknown[] = []
  const observer = (signal: unknown) => void signals.push(signal)
  const queue = createMemoryQueue()
  const receiver = createReceiver({ dynamic: { allowAnyJob: true }, queue, observer })
  receiver.on('*', async (received) => void (await fetchResult(received, { client })))
  await receiver.emit({ type: 'batch.succeeded', data: { id: 'batches/a' } }, { id: 'one' })
  await receiver.drain({ maxAttempts: 1 })
  const jobs = createJobs({ client, receiver: createReceiver({ dynamic: { allowAnyJob: true } }) })
  await jobs.track({ name: 'batches/x' })
  signals.push(await jobs.reconcile())
  await jobs.close()
  const seen = inspect(signals, { depth: Number.POSITIVE_INFINITY })
  expect(seen).toContain('no header may hold')
  expect(seen).not.toContain(KEY)
})

test('the error for a job that is not tracked shows no token', async () => {
  const { url } = await serveApi({})
  const config = await createWebhookConfig({ uris: ['https://app.example/'], jobKey: JOB_KEY })
  const { uris, user_metadata } = config as unknown as { uris: string[]; user_metadata: object }
  const [token] = Object.values(user_metadata)
  const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: url } }) as unknown as JobClient
  const receiver = createReceiver({ dynamic: { allowAnyJob: true }, observer: () => {} })
  const jobs = createJobs({ client, receiver, ledger: createMemoryLedger() })
  const job = { id: 'v1_x', webhook_config: { uris, user_metadata } }
  const error = await rejection(jobs.track(job, { expectedMs: -1 }))
  await jobs.close()
  expect(error).toMatchObject({ code: 'job_untracked' })
  expect((error as { job: unknown }).job).toBe(job)
  expect(token).toEqual(expect.any(String))
  expect(textsOf(error)).not.toContain(token)
})
