import { access, rename } from 'node:fs/promises'
import { notFound } from '../http/body.ts'
import { checkLimit } from '../http/limits.ts'
import { randomText } from '../shared/ids.ts'
import type { Limits } from '../shared/limits.ts'
import type { Records } from '../storage/records.ts'
import { readBytes, scanBytes } from './byte-stream.ts'
import type { ByteRange, FileAbout, FileRecord } from './file-record.ts'
import { openFolder } from './folder.ts'
import { type Mark, PartFile } from './part-file.ts'

/** A file that is being written. */
export interface FileWriter {
  /** Bytes written so far. */
  readonly size: number
  /** @throws RequestFault `limit_exceeded` with the name of the limit; the chunk is not written then */
  write(chunk: Uint8Array): Promise<void>
  mark(): Mark
  /** Forgets what was written since the mark. */
  rewind(mark: Mark): void
  /** Ends the file and makes it known. */
  save(about: FileAbout): Promise<FileRecord>
  /** Deletes what was written; does nothing after {@link save}. */
  discard(): Promise<void>
}

/** All files of an emulator: records beside the other state, bytes on disk. */
export interface FileStore {
  /** A file that is neither deleted nor expired. */
  get(id: string): FileRecord | undefined
  /** All files, oldest first. */
  all(): FileRecord[]
  create(): Promise<FileWriter>
  /** Reads a file, or a part of it, as the reader asks for it; `not_found` when its bytes are gone. */
  read(file: FileRecord, range?: ByteRange): Promise<ReadableStream<Uint8Array>>
  /** Reads a file from its start to its end; each chunk holds until the next one is asked for. */
  scan(file: FileRecord): AsyncIterable<Uint8Array>
  delete(id: string): Promise<void>
  /** Deletes the bytes of files that are no longer recorded; what fails is left behind. */
  dropBytes(ids: readonly string[]): void
  /** Ends what is being written, and deletes the bytes unless they are kept for another process. */
  close(): Promise<void>
}

interface FileStoreOptions {
  readonly records: Records<FileRecord>
  readonly limits: Limits
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Where the bytes are kept; a temporary directory without it. */
  readonly directory: string | undefined
}

/** How long files live: 48 hours (https://ai.google.dev/gemini-api/docs/files). */
const LIFETIME_MS = 48 * 60 * 60 * 1000

/** Opens the files that `records` lists. */
export function createFileStore({ records, limits, now, directory }: FileStoreOptions): FileStore {
  const folder = openFolder(directory, () => [...records.values()].map(({ id }) => id))
  const parts = new Set<PartFile>()
  /** Bytes of the files that are known. */
  let recorded = 0
  records.track((before, after) => {
    recorded += (after?.sizeBytes ?? 0) - (before?.sizeBytes ?? 0)
  })

  async function remove(id: string): Promise<void> {
    if (records.delete(id)) await folder.remove(id)
  }

  function all(): FileRecord[] {
    const isLive = (file: FileRecord) => file.expiresAt > now()
    const files = [...records.values()]
    for (const file of files) if (!isLive(file)) remove(file.id).catch(() => {})
    return files.filter(isLive)
  }

  /** The path of a file's bytes, which are missing when only the records were imported. */
  async function pathOf({ id }: FileRecord): Promise<string> {
    const path = await folder.path(id)
    await access(path).catch(() => {
      throw notFound('File')
    })
    return path
  }

  /** Bytes of everything on disk. */
  function total(): number {
    let bytes = recorded
    for (const part of parts) bytes += part.size
    return bytes
  }

  async function create(): Promise<FileWriter> {
    checkLimit(limits, 'files', all().length + parts.size + 1)
    const name = `${randomText(20)}.part`
    const path = await folder.path(name)
    const part = await PartFile.create(path)
    parts.add(part)
    return {
      get size() {
        return part.size
      },
      mark: () => part.mark(),
      rewind: (mark) => part.rewind(mark),
      async write(chunk) {
        checkLimit(limits, 'totalFileBytes', total() + chunk.byteLength)
        await part.write(chunk)
      },
      async save(about) {
        const id = about.id ?? randomText(12)
        const sha256 = await part.finish()
        await rename(path, await folder.path(id))
        parts.delete(part)
        const createdAt = now()
        const dates = { createdAt, expiresAt: createdAt + LIFETIME_MS }
        return records.put({ ...about, id, sizeBytes: part.size, sha256, ...dates })
      },
      async discard() {
        if (!parts.delete(part)) return
        await part.abandon()
        await folder.remove(name)
      },
    }
  }

  return {
    create,
    all,
    get(id) {
      const file = records.get(id)
      return file !== undefined && file.expiresAt > now() ? file : undefined
    },
    read: async (file, range = { start: 0, end: file.sizeBytes - 1 }) => readBytes(await pathOf(file), range),
    async *scan(file) {
      yield* scanBytes(await pathOf(file))
    },
    delete: remove,
    dropBytes(ids) {
      const gone = ids.filter((id) => records.get(id) === undefined)
      for (const id of gone) folder.remove(id).catch(() => {})
    },
    async close() {
      await Promise.all([...parts].map((part) => part.abandon()))
      await folder.close()
    },
  }
}
