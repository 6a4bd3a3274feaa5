import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { get, type IncomingMessage, request } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readBytes } from '../src/lib/files/byte-stream.ts'
import { call, startEmulator, temporaryFolder } from './support.ts'
import { START } from './uploading.ts'

const MIB = 1024 * 1024
const KEY = { 'x-goog-api-key': 'test' }
const bytes = randomBytes(24 * MIB)
const hashOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

async function uploadUrl(emulator: Parameters<typeof call>[0], url: string): Promise<string> {
  const { headers } = await call(emulator, 'POST', '/upload/v1beta/files', {}, { ...KEY, ...START })
  const { pathname, search } = new URL(headers.get('x-goog-upload-url')!)
  return `${url}${pathname}${search}`
}

/** Sends the bytes in one request, in pieces of an odd size. */
async function send(target: string, headers: Record<string, string | number>) {
  const outgoing = request(target, {
    method: 'POST',
    headers: { ...KEY, 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0', ...headers },
  })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  outgoing.on('error', () => {})
  for (let start = 0; start < bytes.byteLength; start += 70_001) {
    if (!outgoing.write(bytes.subarray(start, start + 70_001))) {
      await Promise.race([once(outgoing, 'drain'), answered])
    }
  }
  outgoing.end()
  const [response] = await answered
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, body: JSON.parse(text) }
}

test.each([
  ['with its length', { 'content-length': bytes.byteLength }],
  ['in chunks', { 'transfer-encoding': 'chunked' }],
])('a body %s arrives as it was sent', async (_, headers) => {
  const { emulator, url } = await startEmulator()
  const { status, body } = await send(await uploadUrl(emulator, url), headers)
  expect([status, atob(body.file.sha256Hash)]).toEqual([200, hashOf(bytes)])
})

test('a body that goes beyond a limit is answered', async () => {
  const { emulator, url } = await startEmulator({ limits: { fileBytes: MIB } })
  const { status, body } = await send(await uploadUrl(emulator, url), { 'transfer-encoding': 'chunked' })
  expect([status, body.error.message]).toEqual([429, expect.stringContaining('limits.fileBytes')])
})

test('several readers, some of them slow, get the file as it is', async () => {
  const { emulator, url } = await startEmulator()
  const { body } = await send(await uploadUrl(emulator, url), { 'content-length': bytes.byteLength })
  const read = async (pauses: boolean) => {
    const [response] = (await once(
      get(`${url}/v1beta/${body.file.name}:download?alt=media`, { headers: KEY }),
      'response',
    )) as [IncomingMessage]
    const hash = createHash('sha256')
    let count = 0
    for await (const chunk of response) {
      hash.update(chunk)
      count += 1
      if (pauses && count % 8 === 0) await turn()
    }
    return hash.digest('hex')
  }
  const hashes = await Promise.all([false, true, false, true].map(read))
  expect(new Set(hashes)).toEqual(new Set([hashOf(bytes)]))
})

test('a buffer is used again only once everything in it was sent', async () => {
  const path = `${temporaryFolder()}/file`
  writeFileSync(path, bytes.subarray(0, MIB))
  let isSent = false
  const reader = readBytes(path, { start: 0, end: MIB - 1 }, () => isSent).getReader()
  const next = async () => (await reader.read()).value!.buffer
  const [one, two] = [await next(), await next()]
  isSent = true
  const three = await next()
  isSent = false
  const four = await next()
  const five = await next()
  expect(two).not.toBe(one)
  expect(new Set([three, four])).toEqual(new Set([one, two]))
  expect([one, two]).not.toContain(five)
  await reader.cancel()
})
