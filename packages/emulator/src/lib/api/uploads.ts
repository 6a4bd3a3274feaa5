import { type Context, Hono } from 'hono'
import type { Upload, UploadAbout, Uploads } from '../files/uploads.ts'
import { CHUNK_GRANULARITY } from '../files/uploads.ts'
import { notFound, readChunks, readFields } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields, optionalText, pick } from '../http/fields.ts'
import { checkApiKey } from '../http/guards.ts'
import type { EmulatorState } from '../state/state.ts'
import { showFile } from './file-resource.ts'

/**
 * Serves `/upload/{version}/files`: resumable uploads (https://ai.google.dev/api/files#method:-media.upload).
 *
 * The answer to `start` carries the URL for everything else, which is this one with an `upload_id`.
 */
export function uploadsApi(state: EmulatorState): Hono {
  return new Hono().on(['POST', 'PUT'], '/files', async (c) => {
    const id = c.req.query('upload_id')
    if (id === undefined) return start(state, c)
    const upload = state.uploads.find(id)
    if (upload === undefined) throw notFound('Upload')
    return proceed(state.uploads, upload, c)
  })
}

async function start(state: EmulatorState, c: Context): Promise<Response> {
  checkApiKey(c.req.raw, true)
  const protocol = c.req.header('x-goog-upload-protocol')
  if (protocol !== 'resumable' || c.req.header('x-goog-upload-command') !== 'start') {
    throw new RequestFault(
      'invalid_request',
      "The emulator takes resumable uploads only: X-Goog-Upload-Protocol 'resumable', X-Goog-Upload-Command 'start'.",
    )
  }
  const about = readAbout(await readFields(c.req.raw), c)
  const upload = await state.uploads.start(about)
  const url = new URL(c.req.url)
  url.search = String(new URLSearchParams({ upload_id: upload.id, upload_protocol: 'resumable' }))
  return c.json({}, 200, { ...progress(upload), 'x-goog-upload-url': url.href })
}

function readAbout(body: Fields, c: Context): UploadAbout {
  const file = isFields(body.file) ? body.file : {}
  const mimeType =
    optionalText('file.mimeType', pick(file, 'mimeType')) ?? c.req.header('x-goog-upload-header-content-type')
  return {
    id: readName(optionalText('file.name', file.name)),
    displayName: optionalText('file.displayName', pick(file, 'displayName')),
    mimeType: readMimeType(mimeType ?? 'application/octet-stream'),
    source: 'UPLOADED',
    sizeBytes: readCount('x-goog-upload-header-content-length', c),
  }
}

// A download's `content-type`, so it must be what a header can carry.
const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+(?:\s*;[\t\x20-\x7e]*)?$/

function readMimeType(text: string): string {
  if (MIME_TYPE.test(text)) return text
  throw new RequestFault('invalid_request', `The MIME type '${text}' is invalid.`)
}

// 1 to 40 lower-case letters, digits and inner dashes (https://ai.google.dev/api/files).
const NAME = /^files\/([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)$/

function readName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  const id = NAME.exec(name)?.[1]
  if (id !== undefined) return id
  throw new RequestFault(
    'invalid_request',
    "'file.name' must be 'files/' and up to 40 lower-case letters, digits and dashes, with no dash at either end.",
  )
}

function readCount(header: string, c: Context): number | undefined {
  const text = c.req.header(header)
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new RequestFault('invalid_request', `The header '${header}' must be a number of bytes.`)
}

/** Carries out the commands of one request, such as `upload, finalize`. */
async function proceed(uploads: Uploads, upload: Upload, c: Context): Promise<Response> {
  const commands = (c.req.header('x-goog-upload-command') ?? '').split(',').map((command) => command.trim())
  const known = ['upload', 'finalize', 'query', 'cancel']
  const unknown = commands.find((command) => !known.includes(command))
  if (unknown !== undefined) {
    throw new RequestFault(
      'invalid_request',
      `The upload command '${unknown}' is not one of: ${known.join(', ')}.`,
    )
  }
  if (commands.includes('cancel')) return cancel(uploads, upload, c)
  if (commands.includes('upload')) await receive(uploads, upload, commands.includes('finalize'), c)
  if (!commands.includes('finalize')) return c.json({}, 200, progress(upload))
  const file = await uploads.finish(upload)
  return c.json({ file: showFile(file) }, 200, { 'x-goog-upload-status': 'final' })
}

async function cancel(uploads: Uploads, upload: Upload, c: Context): Promise<Response> {
  await uploads.cancel(upload)
  return c.json({}, 200, { 'x-goog-upload-status': 'cancelled' })
}

async function receive(uploads: Uploads, upload: Upload, isLast: boolean, c: Context): Promise<void> {
  const offset = readCount('x-goog-upload-offset', c)
  if (offset === undefined)
    throw new RequestFault('invalid_request', "The header 'x-goog-upload-offset' is missing.")
  await uploads.receive(upload, offset, readChunks(c), isLast)
}

function progress(upload: Upload): Record<string, string> {
  return {
    'x-goog-upload-status': 'active',
    'x-goog-upload-size-received': String(upload.file.size),
    'x-goog-upload-chunk-granularity': String(CHUNK_GRANULARITY),
  }
}
