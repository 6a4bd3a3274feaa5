import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createEmulator } from '../src/index.ts'
import { createTestEmulator, SDKS, startEmulator, temporaryFolder } from './support.ts'
import { chunk, get, START, send, startUpload, upload } from './uploading.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000

describe.each(SDKS)('with the SDK %s', (_, connect) => {
  test('a file of several chunks is uploaded from a path, read back, listed and deleted', async () => {
    const { url, emulator } = await startEmulator()
    const ai = connect(url)
    const folder = temporaryFolder()
    const bytes = randomBytes(17 * MIB)
    writeFileSync(join(folder, 'in.bin'), bytes)
    const config = { mimeType: 'application/octet-stream', displayName: 'Bytes' }
    const file = await ai.files.upload({ file: join(folder, 'in.bin'), config })
    expect(file).toMatchObject({
      name: expect.stringMatching(/^files\/[a-z0-9]+$/),
      uri: `https://generativelanguage.googleapis.com/v1beta/${file.name}`,
      displayName: 'Bytes',
      mimeType: 'application/octet-stream',
      sizeBytes: String(bytes.byteLength),
      sha256Hash: btoa(createHash('sha256').update(bytes).digest('hex')),
      state: 'ACTIVE',
      source: 'UPLOADED',
    })
    expect(Date.parse(file.expirationTime!) - Date.parse(file.createTime!)).toBe(48 * HOUR_MS)
    expect(await ai.files.get({ name: file.name! })).toMatchObject({
      name: file.name,
      sizeBytes: file.sizeBytes,
    })

    const target = join(folder, 'out.bin')
    await ai.files.download({ file, downloadPath: target })
    expect(readFileSync(target).equals(bytes)).toBe(true)

    await ai.files.delete({ name: file.name! })
    await expect(ai.files.get({ name: file.name! })).rejects.toMatchObject({ name: 'ApiError', status: 404 })
    await emulator.close()
  })

  test('Blobs are uploaded, and listed over several pages', async () => {
    const { url } = await startEmulator()
    const ai = connect(url)
    const names: string[] = []
    for (const text of ['a', 'b', 'c']) {
      const file = new Blob([text], { type: 'text/plain' })
      names.push((await ai.files.upload({ file })).name!)
    }
    const listed: string[] = []
    for await (const file of await ai.files.list({ config: { pageSize: 2 } })) listed.push(file.name!)
    expect(listed).toEqual(names)
  })
})

test('a client can choose the name of a file once', async () => {
  const emulator = createTestEmulator()
  expect(await upload(emulator, 'x', { name: 'files/my-file' })).toMatchObject({ name: 'files/my-file' })
  const second = await startUpload(emulator, { name: 'files/second' })
  await upload(emulator, 'y', { name: 'files/second' })
  expect((await chunk(emulator, second.url, 0, 'z')).status).toBe(409)
  const again = await startUpload(emulator, { name: 'files/my-file' })
  expect([again.status, again.body.error.status]).toEqual([409, 'ALREADY_EXISTS'])
  for (const name of [
    'my-file',
    'files/-x',
    'files/x-',
    'files/X',
    `files/${'x'.repeat(41)}`,
    'files/../x',
  ]) {
    expect([name, (await startUpload(emulator, { name })).status]).toEqual([name, 400])
  }
})

test('an interrupted upload goes on where it was', async () => {
  const emulator = createTestEmulator()
  const bytes = randomBytes(MIB)
  const { url } = await startUpload(emulator)
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(bytes.subarray(0, 300_000))
      controller.error(new Error('the line is dead'))
    },
  })
  await chunk(emulator, url, 0, broken as BodyInit, 'upload').catch(() => {})
  const query = await send(emulator, url, { 'x-goog-upload-command': 'query' })
  const received = Number(query.headers.get('x-goog-upload-size-received'))
  expect([query.status, query.headers.get('x-goog-upload-status')]).toEqual([200, 'active'])
  const { body } = await chunk(emulator, url, received, bytes.subarray(received))
  expect(body.file.sha256Hash).toBe(btoa(createHash('sha256').update(bytes).digest('hex')))
})

test('a wrong offset is refused with the right one, and nothing is lost', async () => {
  const emulator = createTestEmulator()
  const { url } = await startUpload(emulator)
  const first = Buffer.alloc(256 * 1024, 'a')
  expect((await chunk(emulator, url, 0, first, 'upload')).status).toBe(200)
  const wrong = await chunk(emulator, url, 0, first, 'upload')
  expect([wrong.status, wrong.body.error.message]).toEqual([
    400,
    'The upload goes on at offset 262144, not 0.',
  ])
  const { body } = await chunk(emulator, url, 262_144, 'b')
  expect(body.file.sizeBytes).toBe('262145')
})

test('a small chunk that is not the last is refused and forgotten', async () => {
  const state = join(temporaryFolder(), 'emulator.db')
  const emulator = createTestEmulator({ state })
  const { url } = await startUpload(emulator)
  expect((await chunk(emulator, url, 0, 'x'.repeat(1000), 'upload')).status).toBe(400)
  const { body } = await chunk(emulator, url, 0, 'yy')
  expect(body.file).toMatchObject({
    sizeBytes: '2',
    sha256Hash: btoa(createHash('sha256').update('yy').digest('hex')),
  })
  const bytes = await get(emulator, `/v1beta/${body.file.name}:download?alt=media`)
  expect(await bytes.text()).toBe('yy')
  expect(statSync(join(`${state}-files`, body.file.name.slice('files/'.length))).size).toBe(2)
})

test('an upload ends with as many bytes as were announced', async () => {
  const emulator = createTestEmulator()
  const announced = { 'x-goog-upload-header-content-length': '3' }
  const short = await startUpload(emulator, {}, announced)
  const answer = await chunk(emulator, short.url, 0, 'ab')
  expect([answer.status, answer.body.error.message]).toEqual([400, 'The upload has 2 of 3 bytes.'])
  const long = await startUpload(emulator, {}, announced)
  expect((await chunk(emulator, long.url, 0, 'abcd')).status).toBe(400)
  expect((await chunk(emulator, long.url, 0, 'abc')).status).toBe(200)
})

test('a cancelled upload is gone', async () => {
  const emulator = createTestEmulator()
  const { url } = await startUpload(emulator)
  const cancelled = await send(emulator, url, { 'x-goog-upload-command': 'cancel' })
  expect(cancelled.headers.get('x-goog-upload-status')).toBe('cancelled')
  expect((await chunk(emulator, url, 0, 'x')).status).toBe(404)
})

test('what is no resumable upload is refused', async () => {
  const emulator = createTestEmulator()
  const url = 'http://localhost/upload/v1/files'
  expect((await send(emulator, url, { 'x-goog-upload-protocol': 'multipart' })).status).toBe(400)
  expect((await send(emulator, url, { ...START, 'x-goog-api-key': '' }, '{}')).status).toBe(403)
  const { url: session } = await startUpload(emulator)
  const unknown = await send(emulator, session, { 'x-goog-upload-command': 'explode' })
  expect(unknown.body.error.message).toBe(
    "The upload command 'explode' is not one of: upload, finalize, query, cancel.",
  )
  expect((await send(emulator, session, { 'x-goog-upload-command': 'upload' }, 'x')).status).toBe(400)
})

test('a range of a file is answered with 206, one beyond its end with 416', async () => {
  const emulator = createTestEmulator()
  const { name } = await upload(emulator, '0123456789')
  const path = `/v1beta/${name}:download?alt=media`
  const part = await get(emulator, path, { range: 'bytes=2-4' })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ])
  expect(await (await get(emulator, path, { range: 'bytes=-3' })).text()).toBe('789')
  expect(await (await get(emulator, path, { range: 'bytes=8-' })).text()).toBe('89')
  // A suffix longer than the file is all of it (https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2).
  for (const range of ['bytes=-99', 'bytes=-10']) {
    const whole = await get(emulator, path, { range })
    expect([range, whole.status, whole.headers.get('content-range'), await whole.text()]).toEqual([
      range,
      206,
      'bytes 0-9/10',
      '0123456789',
    ])
  }
  expect((await get(emulator, path, { range: 'bytes=-0' })).status).toBe(416)
  for (const range of ['bytes=0-1,4-5', 'lines=1-2', 'nonsense']) {
    const whole = await get(emulator, path, { range })
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789'])
  }
  const beyond = await get(emulator, path, { range: 'bytes=10-' })
  expect([beyond.status, (await beyond.json()).error.status]).toEqual([416, 'OUT_OF_RANGE'])
  expect((await get(emulator, `/v1beta/${name}:download`)).status).toBe(400)
  const head = await get(emulator, path, {}, 'HEAD')
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
})

test('a limit refuses what goes beyond it by name', async () => {
  const emulator = createTestEmulator({ limits: { fileBytes: 10, totalFileBytes: 15, files: 3, uploads: 1 } })
  const tooBig = await startUpload(emulator, {}, { 'x-goog-upload-header-content-length': '11' })
  expect([tooBig.status, tooBig.body.error]).toEqual([
    429,
    {
      code: 429,
      status: 'RESOURCE_EXHAUSTED',
      message: "This goes beyond the emulator's limits.fileBytes of 10.",
    },
  ])
  const { url } = await startUpload(emulator)
  expect((await startUpload(emulator)).body.error.message).toContain('limits.uploads of 1')
  expect((await chunk(emulator, url, 0, 'x'.repeat(11))).body.error.message).toContain(
    'limits.fileBytes of 10',
  )
  expect((await chunk(emulator, url, 0, 'x'.repeat(10))).status).toBe(200)
  const second = await startUpload(emulator)
  expect((await chunk(emulator, second.url, 0, 'xxxxxx')).body.error.message).toContain(
    'limits.totalFileBytes of 15',
  )
  expect((await chunk(emulator, second.url, 0, 'x')).status).toBe(200)
  await upload(emulator, 'x')
  expect((await startUpload(emulator)).body.error.message).toContain('limits.files of 3')
})

test('a client that sends too much over HTTP gets the answer', async () => {
  const { emulator, url } = await startEmulator({ limits: { fileBytes: MIB } })
  const { url: session } = await startUpload(emulator)
  const target = session.replace('http://localhost', url)
  const headers = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' }
  const answer = await fetch(target, { method: 'POST', headers, body: Buffer.alloc(8 * MIB) })
  expect([answer.status, (await answer.json()).error.message]).toEqual([
    429,
    expect.stringContaining('limits.fileBytes'),
  ])
  const again = await fetch(target, { method: 'POST', headers, body: 'x' })
  expect((await again.json()).file.sizeBytes).toBe('1')
})

test('files expire after 48 hours and make room', async () => {
  const emulator = createTestEmulator({ limits: { files: 1, totalFileBytes: 1 } })
  const { name } = await upload(emulator, 'x')
  await emulator.clock.advance(48 * HOUR_MS - 1)
  expect((await get(emulator, `/v1beta/${name}`)).status).toBe(200)
  await emulator.clock.advance(1)
  expect((await get(emulator, `/v1beta/${name}`)).status).toBe(404)
  expect(await (await get(emulator, '/v1beta/files')).json()).toEqual({})
  expect(await upload(emulator, 'y')).toMatchObject({ sizeBytes: '1' })
})

test('an upload that is left alone for a day makes room', async () => {
  const emulator = createTestEmulator({ limits: { uploads: 1 } })
  const { url } = await startUpload(emulator)
  await emulator.clock.advance(24 * HOUR_MS)
  expect((await startUpload(emulator)).status).toBe(200)
  expect((await chunk(emulator, url, 0, 'x')).status).toBe(404)
})

test('bytes are in a temporary directory that others cannot enter, until the emulator is closed', async () => {
  const folder = temporaryFolder()
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  onTestFinished(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  const emulator = createTestEmulator()
  const entries = () => readdirSync(folder)
  expect(entries()).toEqual([])
  await upload(emulator, 'x')
  await startUpload(emulator)
  expect(statSync(join(folder, entries()[0]!)).mode & 0o777).toBe(0o700)
  await emulator.close()
  expect(entries()).toEqual([])
})

test('a file of which only the record was imported cannot be downloaded', async () => {
  const [first, second] = [createTestEmulator(), createTestEmulator()]
  const { name } = await upload(first, 'x')
  second.import(first.export())
  expect((await get(second, `/v1beta/${name}`)).status).toBe(200)
  const download = await get(second, `/v1beta/${name}:download?alt=media`)
  expect([download.status, (await download.json()).error.status]).toEqual([404, 'NOT_FOUND'])
})

test('a record that names a file outside the directory is not imported', async () => {
  const [first, second] = [createTestEmulator(), createTestEmulator()]
  await upload(first, 'x')
  const snapshot = JSON.parse(
    JSON.stringify(first.export()).replaceAll(/"id":"[a-z0-9]{12}"/g, '"id":"../../../etc/passwd"'),
  )
  expect(() => second.import(snapshot)).toThrow("'records.file[0].id'")
  expect(second.export().records.file).toEqual([])
})

test('a MIME type that no header can carry is refused', async () => {
  const emulator = createTestEmulator()
  for (const mimeType of ['text', 'text/plain\r\nx: y', 'text/ä', '']) {
    expect([mimeType, (await startUpload(emulator, { mimeType })).status]).toEqual([mimeType, 400])
  }
  expect((await startUpload(emulator, { mimeType: 'text/plain; charset=utf-8' })).status).toBe(200)
})

test('with a state file, files outlive the emulator and what it left unfinished does not', async () => {
  const state = join(temporaryFolder(), 'emulator.db')
  const first = createEmulator({ state })
  const { name } = await upload(first, 'kept')
  const { url } = await startUpload(first)
  await first.close()
  const entries = () => readdirSync(`${state}-files`).filter((name) => name !== '.gwh-emulator')
  expect(entries()).toHaveLength(2)
  const second = createTestEmulator({ state })
  expect(await (await get(second, `/v1beta/${name}:download?alt=media`)).text()).toBe('kept')
  expect((await chunk(second, url, 0, 'x')).status).toBe(404)
  expect(entries()).toEqual([name.slice('files/'.length)])
})
