import { access, rename } from 'node:fs/promises'
import { notFound } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
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
  /**
   * Ends the file and makes it known. When that fails, nothing of it is left.
   *
   * @throws RequestFault `already_exists` when it has the name of a file that a client gave; it can be tried again then
   */
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
  /**
   * Reads a file, or a part of it, as the reader asks for it; `not_found` when its bytes are gone. `isSent` says whether
   * every chunk that was read has left this process: then their memory is used again.
   */
  read(file: FileRecord, range?: ByteRange, isSent?: () => boolean): Promise<ReadableStream<Uint8Array>>
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

  /** Names of files that are being saved or deleted at this moment, and when that is over. */
  const saving = new Set<string>()
  const removing = new Map<string, Promise<void>>()
  let creating = 0

  async function removeBytes(id: string): Promise<void> {
    const removal = folder.remove(id).finally(() => removing.delete(id))
    removing.set(id, removal)
    await removal
  }

  async function remove(id: string): Promise<void> {
    if (records.delete(id)) await removeBytes(id)
  }

  function get(id: string): FileRecord | undefined {
    const file = records.get(id)
    return file !== undefined && file.expiresAt > now() ? file : undefined
  }

  /** A job may make its output again, but no client takes the name of another file. */
  function checkName(id: string, source: FileAbout['source']): void {
    const isTaken = source === 'UPLOADED' && get(id) !== undefined
    if (isTaken || saving.has(id)) {
      throw new RequestFault('already_exists', `File files/${id} already exists.`)
    }
  }

  /** Ends what is written under `name` and makes it known as `id`. */
  async function save(part: PartFile, name: string, id: string, about: FileAbout): Promise<FileRecord> {
    await removing.get(id)
    const sha256 = await part.finish()
    const target = await folder.path(id)
    await rename(await folder.path(name), target)
    try {
      const createdAt = now()
      const dates = { createdAt, expiresAt: createdAt + LIFETIME_MS }
      return records.put({ ...about, id, sizeBytes: part.size, sha256, ...dates })
    } catch (error) {
      await folder.remove(id)
      throw error
    }
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
    checkLimit(limits, 'files', all().length + parts.size + creating + 1)
    creating += 1
    const name = `${randomText(20)}.part`
    try {
      const part = await PartFile.create(await folder.path(name))
      parts.add(part)
      return toWriter(part, name)
    } finally {
      creating -= 1
    }
  }

  function toWriter(part: PartFile, name: string): FileWriter {
    async function discard(): Promise<void> {
      if (!parts.delete(part)) return
      await part.abandon()
      await folder.remove(name)
    }
    return {
      get size() {
        return part.size
      },
      mark: () => part.mark(),
      rewind: (mark) => part.rewind(mark),
      discard,
      async write(chunk) {
        checkLimit(limits, 'totalFileBytes', total() + chunk.byteLength)
        await part.write(chunk)
      },
      async save(about) {
        const id = about.id ?? randomText(12)
        checkName(id, about.source)
        saving.add(id)
        try {
          const file = await save(part, name, id, about)
          parts.delete(part)
          return file
        } catch (error) {
          await discard()
          throw error
        } finally {
          saving.delete(id)
        }
      },
    }
  }

  return {
    create,
    all,
    get,
    read: async (file, range = { start: 0, end: file.sizeBytes - 1 }, isSent) =>
      readBytes(await pathOf(file), range, isSent),
    async *scan(file) {
      yield* scanBytes(await pathOf(file))
    },
    delete: remove,
    dropBytes(ids) {
      const gone = ids.filter((id) => records.get(id) === undefined)
      for (const id of gone) removeBytes(id).catch(() => {})
    },
    async close() {
      await Promise.all([...parts].map((part) => part.abandon()))
      await folder.close()
    },
  }
}
