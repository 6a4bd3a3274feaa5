import { notFound } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { checkLimit } from '../http/limits.ts'
import { newResourceId } from '../shared/ids.ts'
import type { Limits } from '../shared/limits.ts'
import type { FileAbout, FileRecord } from './file-record.ts'
import type { FileStore, FileWriter } from './file-store.ts'

/** What a client says of a file before it sends it. */
export interface UploadAbout extends FileAbout {
  /** How many bytes will come, when the client said so. */
  readonly sizeBytes?: number | undefined
}

/** A resumable upload that is neither finished nor cancelled. */
export interface Upload {
  readonly id: string
  readonly about: UploadAbout
  readonly file: FileWriter
  readonly startedAt: number
  /** Whether a request is sending bytes at this moment. */
  busy: boolean
}

/** The resumable uploads that are under way. They end with the process; a client then starts again. */
export interface Uploads {
  start(about: UploadAbout): Promise<Upload>
  find(id: string): Upload | undefined
  /**
   * Appends bytes. When `bytes` breaks off, what has arrived is kept, and the client can ask where to go on.
   *
   * @throws RequestFault when the offset is not where the upload stands, when another request is sending, or when
   *   a limit is reached, and nothing is kept then; `not_found` when the upload is cancelled meanwhile
   */
  receive(upload: Upload, offset: number, bytes: AsyncIterable<Uint8Array>, isLast: boolean): Promise<void>
  /** @throws RequestFault while another request is sending, or when the file is not whole or its name is taken */
  finish(upload: Upload): Promise<FileRecord>
  /** Ends an upload and deletes what has arrived, also while another request is sending. */
  cancel(upload: Upload): Promise<void>
}

interface UploadsOptions {
  readonly files: FileStore
  readonly limits: Limits
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** What all chunks but the last hold at least; the SDK sends 8 MiB. */
export const CHUNK_GRANULARITY = 256 * 1024

/** How long an unfinished upload is kept: a day. Google does not say. */
const LIFETIME_MS = 24 * 60 * 60 * 1000

/** Creates an empty set of uploads into `files`. */
export function createUploads({ files, limits, now }: UploadsOptions): Uploads {
  const uploads = new Map<string, Upload>()
  let starting = 0

  function checkExists({ id }: Upload): void {
    if (!uploads.has(id)) throw notFound('Upload')
  }

  async function drop(upload: Upload): Promise<void> {
    uploads.delete(upload.id)
    await upload.file.discard()
  }

  async function dropExpired(): Promise<void> {
    const expired = [...uploads.values()].filter(
      ({ startedAt, busy }) => !busy && startedAt + LIFETIME_MS <= now(),
    )
    await Promise.all(expired.map(drop))
  }

  return {
    find: (id) => uploads.get(id),
    cancel: drop,
    async start(about) {
      await dropExpired()
      checkName(files, about.id)
      checkLimit(limits, 'uploads', uploads.size + starting + 1)
      checkLimit(limits, 'fileBytes', about.sizeBytes ?? 0)
      starting += 1
      try {
        const file = await files.create()
        const upload = { id: newResourceId(), about, file, startedAt: now(), busy: false }
        uploads.set(upload.id, upload)
        return upload
      } finally {
        starting -= 1
      }
    },
    async receive(upload, offset, bytes, isLast) {
      checkExists(upload)
      checkStands(upload, offset)
      upload.busy = true
      const mark = upload.file.mark()
      try {
        await append(upload, bytes, limits)
        checkChunk(upload, upload.file.size - mark.size, isLast)
      } catch (error) {
        // Its file is closed then, which is what failed.
        checkExists(upload)
        if (error instanceof RequestFault) upload.file.rewind(mark)
        throw error
      } finally {
        upload.busy = false
      }
    },
    async finish(upload) {
      checkExists(upload)
      checkIdle(upload)
      const { sizeBytes, ...about } = upload.about
      if (sizeBytes !== undefined && sizeBytes !== upload.file.size) {
        throw new RequestFault('invalid_request', `The upload has ${upload.file.size} of ${sizeBytes} bytes.`)
      }
      // Until it is saved, no other request must change it. One whose name is taken meanwhile can still be cancelled.
      upload.busy = true
      try {
        const file = await upload.file.save(about)
        uploads.delete(upload.id)
        return file
      } catch (error) {
        if (!(error instanceof RequestFault)) uploads.delete(upload.id)
        throw error
      } finally {
        upload.busy = false
      }
    },
  }
}

function checkName(files: FileStore, id: string | undefined): void {
  if (id === undefined || files.get(id) === undefined) return
  throw new RequestFault('already_exists', `File files/${id} already exists.`)
}

function checkIdle({ busy }: Upload): void {
  if (busy) throw new RequestFault('invalid_request', 'Another request is sending bytes of this upload.')
}

function checkStands(upload: Upload, offset: number): void {
  checkIdle(upload)
  if (offset === upload.file.size) return
  throw new RequestFault(
    'invalid_request',
    `The upload goes on at offset ${upload.file.size}, not ${offset}.`,
  )
}

async function append(
  { about, file }: Upload,
  bytes: AsyncIterable<Uint8Array>,
  limits: Limits,
): Promise<void> {
  for await (const chunk of bytes) {
    checkLimit(limits, 'fileBytes', file.size + chunk.byteLength)
    if (file.size + chunk.byteLength > (about.sizeBytes ?? Number.POSITIVE_INFINITY)) {
      throw new RequestFault(
        'invalid_request',
        `The upload has more than the ${about.sizeBytes} bytes announced.`,
      )
    }
    await file.write(chunk)
  }
}

function checkChunk({ about, file }: Upload, size: number, isLast: boolean): void {
  if (isLast || size >= CHUNK_GRANULARITY || file.size === about.sizeBytes) return
  throw new RequestFault(
    'invalid_request',
    `A chunk has at least ${CHUNK_GRANULARITY} bytes, unless it is the last.`,
  )
}
