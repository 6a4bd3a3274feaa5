import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GoogleGenAI } from '@google/genai'
import type { Emulator } from '../../src/index.ts'
import { call, temporaryFolder } from '../support.ts'

export const MODEL = 'gemini-3.8-flash'
export const VIDEO_MODEL = 'veo-3.1-generate-preview'
export const URI = 'https://my-api.example/cb'
const LINE = '{"key":"a","request":{"contents":[{"parts":[{"text":"hi"}]}]}}\n'

type Outcome = Parameters<Emulator['finish']>[1]

/** What a replayed call works with: an emulator, an SDK, and ways to make what the call asks for. */
export interface Fixture {
  readonly ai: GoogleGenAI
  readonly emulator: Emulator
  /** Where the SDK sends its requests. */
  readonly url: string
  /** Makes an SDK with other options, for the same emulator. */
  readonly connect: (options: object) => GoogleGenAI
  /** The default API version of the SDK. */
  readonly version: 'v1' | 'v1beta'
}

/** Calls the API beside the SDK under test. */
export async function make(
  { emulator }: Pick<Fixture, 'emulator'>,
  method: string,
  path: string,
  body: unknown,
) {
  const answer = await call(emulator, method, path, body)
  if (answer.status !== 200) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** Registers the webhook of the captures; returns its id. */
export async function aWebhook(f: Fixture): Promise<string> {
  const subscribed_events = ['batch.succeeded', 'batch.failed']
  return (await make(f, 'POST', '/v1/webhooks', { name: 'MyBatchWebhook', uri: URI, subscribed_events })).id
}

/** Uploads a file; returns its name. */
export async function aFile({ emulator }: Fixture, text = LINE): Promise<string> {
  const start = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' }
  const post = (url: string, headers: Record<string, string>, body: string) =>
    emulator.fetch(
      new Request(url, { method: 'POST', headers: { 'x-goog-api-key': 'test', ...headers }, body }),
    )
  const file = { displayName: 'in.jsonl', mimeType: 'application/jsonl' }
  const started = await post('http://localhost/upload/v1/files', start, JSON.stringify({ file }))
  const upload = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' }
  const done = await post(started.headers.get('x-goog-upload-url')!, upload, text)
  return (await done.json()).file.name
}

const request = (text: string, metadata?: object) => ({
  request: { contents: [{ role: 'user', parts: [{ text }] }] },
  metadata,
})

/** Creates the batch of the captures and ends it, when an outcome is given; returns its name. */
export async function aBatch(f: Fixture, outcome?: Outcome, fileName?: string): Promise<string> {
  const requests = { requests: [request('hi', { key: 'k1' }), request('bad')] }
  const inputConfig = fileName === undefined ? { requests } : { fileName }
  const batch = { displayName: 'job', inputConfig }
  const { name } = await make(f, 'POST', `/v1/models/${MODEL}:batchGenerateContent`, { batch })
  if (outcome !== undefined) await f.emulator.finish(name, outcome)
  return name
}

/** Creates an interaction and ends it, when an outcome is given; returns its id. */
export async function anInteraction(f: Fixture, outcome?: Outcome, body: object = {}): Promise<string> {
  const asked = { model: MODEL, input: 'q', background: true, ...body }
  const { id } = await make(f, 'POST', '/v1/interactions', asked)
  if (outcome !== undefined) await f.emulator.finish(id, outcome)
  return id
}

/** Creates a video job and ends it, when an outcome is given; returns the operation's name. */
export async function aVideo(f: Fixture, outcome?: Outcome): Promise<string> {
  const body = { instances: [{ prompt: 'a cat' }] }
  const { name } = await make(f, 'POST', `/v1/models/${VIDEO_MODEL}:predictLongRunning`, body)
  if (outcome !== undefined) await f.emulator.finish(name, outcome)
  return name
}

/** Generates a video; returns the name of its file. */
export async function aVideoFile(f: Fixture): Promise<string> {
  const { response } = await make(f, 'GET', `/v1/${await aVideo(f, {})}`, undefined)
  const { uri } = response.generateVideoResponse.generatedSamples[0].video
  return /files\/[a-z0-9]+/.exec(uri)![0]
}

/** Writes a file to upload; returns its path. */
export function onDisk(name: string, text: string): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, text)
  return path
}
