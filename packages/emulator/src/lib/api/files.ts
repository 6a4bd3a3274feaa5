import { type Context, Hono } from 'hono'
import parseRange from 'range-parser'
import type { ByteRange, FileRecord } from '../files/file-record.ts'
import { notFound, sentCheck, splitVerb } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { toPage } from '../http/pages.ts'
import type { EmulatorState } from '../state/state.ts'
import { showFile } from './file-resource.ts'

// https://ai.google.dev/api/files#method:-files.list
const PAGE_SIZES = { defaultSize: 10, maxSize: 100 }

/** Serves `/files` (https://ai.google.dev/api/files). */
export function filesApi(state: EmulatorState): Hono {
  return new Hono()
    .get('/', (c) => c.json(list(state, c.req.query('pageSize'), c.req.query('pageToken'))))
    .get('/:target', async (c) => {
      const { id, verb } = splitVerb(c.req.param('target'))
      const file = find(state, id)
      if (verb === '') return c.json(showFile(file))
      if (verb !== 'download') throw notFound('Method')
      if (c.req.query('alt') !== 'media') {
        throw new RequestFault('invalid_request', "A download needs the query parameter 'alt=media'.")
      }
      return download(state, file, c)
    })
    .delete('/:id', async (c) => {
      await state.files.delete(find(state, c.req.param('id')).id)
      return c.json({})
    })
}

function list(state: EmulatorState, size: string | undefined, token: string | undefined) {
  const page = toPage(state.files.all(), { size, token }, PAGE_SIZES)
  return { ...(page.items.length > 0 && { files: page.items.map(showFile) }), nextPageToken: page.nextToken }
}

function find(state: EmulatorState, id: string): FileRecord {
  const file = state.files.get(id)
  if (file === undefined) throw notFound('File')
  return file
}

async function download(state: EmulatorState, file: FileRecord, c: Context): Promise<Response> {
  const range = readRange(file.sizeBytes, c.req.header('range'))
  const { start, end } = range ?? { start: 0, end: file.sizeBytes - 1 }
  return new Response(await state.files.read(file, { start, end }, sentCheck(c)), {
    status: range === undefined ? 200 : 206,
    headers: {
      'content-type': file.mimeType,
      'accept-ranges': 'bytes',
      'content-length': String(end + 1 - start),
      ...(range && { 'content-range': `bytes ${start}-${end}/${file.sizeBytes}` }),
    },
  })
}

/** The one range asked for; several at once are answered with the whole file, as a server may do. */
function readRange(size: number, header: string | undefined): ByteRange | undefined {
  const ranges = header === undefined ? -2 : parseRange(size, fitSuffixes(size, header), { combine: true })
  if (ranges === -1) {
    throw new RequestFault('range_not_satisfiable', `The file has ${size} bytes, none of them in the range.`)
  }
  return ranges !== -2 && ranges.type === 'bytes' && ranges.length === 1 ? ranges[0] : undefined
}

/** A suffix longer than the file is all of it (https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2). */
function fitSuffixes(size: number, header: string): string {
  return header.replace(
    /([=,]\s*)-(\d+)/g,
    (_, before: string, length: string) => `${before}-${Math.min(Number(length), size)}`,
  )
}
