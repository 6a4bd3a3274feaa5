import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEnds } from '../src/lib/state/ends.ts'
import { createTestEmulator, temporaryFolder } from './support.ts'
import { chunk, get, send, startUpload, upload } from './uploading.ts'

/** An emulator whose files can be looked at. */
function start(limits = {}) {
  const state = join(temporaryFolder(), 'emulator.db')
  const emulator = createTestEmulator({ state, limits })
  const entries = () => readdirSync(`${state}-files`).filter((name) => name !== '.gwh-emulator')
  return { emulator, folder: `${state}-files`, entries }
}

/** A body that is sent as the test says. */
function openBody() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  return {
    body: readable,
    write: (text: string) => writer.write(new TextEncoder().encode(text)),
    end: () => writer.close(),
  }
}

const finalize = { 'x-goog-upload-command': 'finalize' }

test('an upload is not finished while another request is sending its bytes', async () => {
  const { emulator } = start()
  const { url } = await startUpload(emulator)
  const { body, write, end } = openBody()
  const sending = chunk(emulator, url, 0, body)
  await write('one')
  const early = await send(emulator, url, finalize)
  expect([early.status, early.body.error.message]).toEqual([400, expect.stringContaining('is sending')])
  await write('two')
  await end()
  const { status, body: answer } = await sending
  expect([status, answer.file?.sizeBytes]).toEqual([200, '6'])
  const download = await get(emulator, `/v1beta/${answer.file.name}:download?alt=media`)
  expect(await download.text()).toBe('onetwo')
})

test('an upload that is cancelled while its bytes are sent leaves nothing, and its request is refused', async () => {
  const { emulator, entries } = start({ uploads: 1 })
  const { url } = await startUpload(emulator)
  const { body, write } = openBody()
  const sending = chunk(emulator, url, 0, body)
  await write('one')
  const cancelled = await send(emulator, url, { 'x-goog-upload-command': 'cancel' })
  expect([cancelled.status, cancelled.headers.get('x-goog-upload-status')]).toEqual([200, 'cancelled'])
  await write('two')
  expect((await sending).status).toBe(404)
  expect(entries()).toEqual([])
  expect((await startUpload(emulator)).status).toBe(200)
})

test('of two requests that finish an upload one does', async () => {
  const { emulator } = start()
  const { url } = await startUpload(emulator)
  await chunk(emulator, url, 0, 'x'.repeat(256 * 1024), 'upload')
  const answers = await Promise.all([send(emulator, url, finalize), send(emulator, url, finalize)])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
})

test('of two uploads for one name one is saved, whole, and the other one refused', async () => {
  const { emulator, entries } = start()
  const file = { name: 'files/same' }
  const texts = ['first', 'another']
  const urls = await Promise.all(texts.map(async () => (await startUpload(emulator, file)).url))
  const answers = await Promise.all(texts.map((text, index) => chunk(emulator, urls[index]!, 0, text)))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  const saved = answers.findIndex(({ status }) => status === 200)
  const download = await get(emulator, '/v1beta/files/same:download?alt=media')
  expect(await download.text()).toBe(texts[saved])
  // The refused one can still be cancelled.
  expect((await send(emulator, urls[1 - saved]!, { 'x-goog-upload-command': 'cancel' })).status).toBe(200)
  expect(entries()).toEqual(['same'])
})

test('a file that cannot be saved is not counted, and nothing of it is left', async () => {
  const { emulator, folder, entries } = start({ totalFileBytes: 100, files: 1, uploads: 1 })
  const { url } = await startUpload(emulator, { name: 'files/blocked' })
  mkdirSync(join(folder, 'blocked'))
  writeFileSync(join(folder, 'blocked', 'x'), '')
  expect((await chunk(emulator, url, 0, 'x'.repeat(80))).status).toBe(500)
  expect(entries()).toEqual(['blocked'])
  expect(await upload(emulator, 'y'.repeat(80))).toMatchObject({ sizeBytes: '80' })
})

test.each(['files', 'uploads'])('uploads that start at once do not go beyond limits.%s', async (name) => {
  const { emulator } = start({ [name]: 2 })
  const answers = await Promise.all([1, 2, 3, 4].map(() => startUpload(emulator)))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429])
})

test('a file that is uploaded again while it is deleted is kept', async () => {
  const { emulator } = start()
  const file = { name: 'files/same' }
  await upload(emulator, 'old', file)
  const removing = get(emulator, '/v1beta/files/same', {}, 'DELETE')
  const { url } = await startUpload(emulator, file)
  expect((await chunk(emulator, url, 0, 'new')).status).toBe(200)
  await removing
  const download = await get(emulator, '/v1beta/files/same:download?alt=media')
  expect([download.status, await download.text()]).toEqual([200, 'new'])
})

test('who no longer waits is forgotten', async () => {
  const ends = createEnds()
  const controller = new AbortController()
  let asked = 0
  const waiting = ends.waitWhile(() => {
    asked += 1
    return true
  }, controller.signal)
  controller.abort()
  await waiting
  ends.recheck()
  expect(asked).toBe(1)
  await ends.waitWhile(() => true, controller.signal)
})
