import type { Emulator } from '../src/index.ts'

/** A request of the resumable protocol, in-process. */
export async function send(
  emulator: Emulator,
  url: string,
  headers: Record<string, string>,
  body: BodyInit = '',
) {
  const init = { method: 'POST', headers: { 'x-goog-api-key': 'test', ...headers }, body, duplex: 'half' }
  const response = await emulator.fetch(new Request(url, init as RequestInit))
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/** The headers that start an upload. */
export const START = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' }

/** Asks for the URL that a file's bytes go to. */
export async function startUpload(
  emulator: Emulator,
  file: object = {},
  headers: Record<string, string> = {},
) {
  const answer = await send(
    emulator,
    'http://localhost/upload/v1beta/files',
    { ...START, ...headers },
    JSON.stringify({ file }),
  )
  return { ...answer, url: answer.headers.get('x-goog-upload-url')! }
}

/** Sends bytes of an upload. */
export function chunk(
  emulator: Emulator,
  url: string,
  offset: number,
  body: BodyInit,
  command = 'upload, finalize',
) {
  return send(
    emulator,
    url,
    { 'x-goog-upload-command': command, 'x-goog-upload-offset': String(offset) },
    body,
  )
}

/** Uploads a file in one request. */
export async function upload(emulator: Emulator, body: string, file: object = {}) {
  const { url } = await startUpload(emulator, file)
  return (await chunk(emulator, url, 0, body)).body.file
}

/** Calls the API without a body. */
export async function get(
  emulator: Emulator,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
) {
  const init = { method, headers: { 'x-goog-api-key': 'test', ...headers } }
  const request = new Request(`http://localhost${path}`, init)
  return emulator.fetch(request)
}
