import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GenerateVideosOperation } from '@google/genai'
import { expect, test } from 'vitest'
import type { EmulatorOptions } from '../src/index.ts'
import {
  call,
  connect2,
  createTestEmulator,
  register,
  startEmulator,
  startReceiver,
  temporaryFolder,
} from './support.ts'

const model = 'veo-3.1-generate-preview'

/** 3.x no longer creates videos on this API, so jobs are created with 2.x and read with both. */
async function startVideos(options: EmulatorOptions = {}) {
  const started = await startEmulator(options)
  const receiver = await startReceiver()
  await register(started.emulator, receiver.url, ['video.generated'])
  const events = () => receiver.received.map(({ body }) => JSON.parse(body))
  return { ...started, ai2: connect2(started.url), events }
}

function operationOf(name: string): GenerateVideosOperation {
  return Object.assign(new GenerateVideosOperation(), { name })
}

test('a video is generated, announced and downloaded with either SDK', async () => {
  const { ai, ai2, emulator, events } = await startVideos()
  const pending = await ai2.models.generateVideos({ model, prompt: 'a cat', config: { numberOfVideos: 2 } })
  expect(pending.name).toMatch(/^models\/veo-3\.1-generate-preview\/operations\/[a-z0-9]{12}$/)
  expect(pending.done).toBeFalsy()
  expect((await ai.operations.getVideosOperation({ operation: operationOf(pending.name!) })).done).toBeFalsy()
  await emulator.clock.advance(3000)
  for (const client of [ai, ai2]) {
    const done = await client.operations.getVideosOperation({ operation: operationOf(pending.name!) })
    expect(done).toMatchObject({ done: true, response: { generatedVideos: [{}, {}] } })
    const [video] = done.response!.generatedVideos!
    expect(video!.video!.uri).toMatch(
      /^https:\/\/generativelanguage\.googleapis\.com\/v1beta\/files\/[a-z0-9]+:download\?alt=media$/,
    )
    const downloadPath = join(temporaryFolder(), 'video.mp4')
    await client.files.download({ file: video!, downloadPath })
    expect(durationOf(readFileSync(downloadPath))).toBe(1)
    const data = {
      id: pending.name,
      output_file_uri: video!.video!.uri,
      file_name: expect.stringMatching(/^files\//),
    }
    expect(events()).toMatchObject([{ type: 'video.generated', data }])
  }
})

/** Seconds that an MP4 lasts, read from its `mvhd` box (ISO/IEC 14496-12, 8.2.2). */
function durationOf(mp4: Buffer): number {
  const box = mp4.indexOf('mvhd')
  const [scale, duration] = [mp4.readUInt32BE(box + 16), mp4.readUInt32BE(box + 20)]
  return duration / scale
}

test('a job can fail, or lose its videos to a filter', async () => {
  const { ai, ai2, emulator, events } = await startVideos({
    scenarios: [
      {
        when: { metadata: { end: 'error' } },
        then: { outcome: 'failed', error: { code: 3, message: 'blocked' } },
      },
      { when: { metadata: { end: 'filter' } }, then: { outcome: 'filtered' } },
    ],
  })
  const create = async (end: string) => {
    const webhookConfig = { userMetadata: { end } }
    return (await ai2.models.generateVideos({ model, prompt: 'x', config: { webhookConfig } })).name!
  }
  const [failed, filtered] = [await create('error'), await create('filter')]
  await emulator.clock.advance(3000)
  const read = (name: string) => ai.operations.getVideosOperation({ operation: operationOf(name) })
  expect(await read(failed)).toMatchObject({ done: true, error: { code: 3, message: 'blocked' } })
  const { response } = await read(filtered)
  expect(response).toMatchObject({ raiMediaFilteredCount: 1, raiMediaFilteredReasons: [expect.any(String)] })
  expect(events().map(({ data }) => data)).toEqual([{ id: filtered }])
})

test('wrong calls are answered as google.rpc.Status', async () => {
  const emulator = createTestEmulator()
  const path = `/v1beta/models/${model}:predictLongRunning`
  const wrong = [
    {},
    { instances: [] },
    { instances: ['x'] },
    { instances: [{}], parameters: { sampleCount: 5 } },
  ]
  for (const body of wrong) {
    expect((await call(emulator, 'POST', path, body)).body.error.status).toBe('INVALID_ARGUMENT')
  }
  const unknown = await call(emulator, 'GET', `/v1beta/models/${model}/operations/none`)
  expect([unknown.status, unknown.body.error.status]).toEqual([404, 'NOT_FOUND'])
})
