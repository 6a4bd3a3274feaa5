import { WebhookError } from '@gwh/core/errors'
import { invalid } from '../shared/options.ts'
import { sha256Hex } from '../shared/sha256.ts'

interface FileHandle {
  write(bytes: Uint8Array): Promise<{ bytesWritten: number }>
  sync(): Promise<void>
  close(): Promise<void>
}

interface FileSystem {
  open(path: string, flags: string): Promise<FileHandle>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { force: boolean }): Promise<void>
  readdir(path: string): Promise<string[]>
  stat(path: string): Promise<{ mtimeMs: number }>
}

// Asked for at run time, because an import would keep this package from being bundled for the edge.
function fileSystem(): FileSystem {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } }
  const found = process?.getBuiltinModule?.('node:fs/promises')
  if (!found) throw invalid('this runtime has no file system; use stream() or bytes()')
  return found as FileSystem
}

/**
 * Writes a stream to a file. The file has its name only once all of it is on the disk; after a failure nothing is left.
 * What a killed process left of the same file more than ten minutes ago is removed.
 *
 * @param open Opens the stream; not called if the file cannot be created
 * @throws WebhookConfigError `option_invalid` on a runtime without a file system
 * @throws Error The error of the file system, with its code: `ENOSPC`, `ENOENT`
 */
export async function saveStream(
  open: () => Promise<ReadableStream<Uint8Array>>,
  path: string,
): Promise<void> {
  const { open: openFile, rename, rm } = fileSystem()
  const { folder, prefix } = await toPartial(path)
  await removeStale(folder, prefix)
  const partial = `${folder}${prefix}${crypto.randomUUID()}.part`
  const file = await openFile(partial, 'wx')
  try {
    await fill(file, open)
    await rename(partial, path)
  } catch (error) {
    // The first error says more than a failure to clean up.
    await rm(partial, { force: true }).catch(() => {})
    throw error
  }
}

/** The folder of a path, and how the temporary names of its file begin: short, however long the name is. */
async function toPartial(path: string): Promise<{ folder: string; prefix: string }> {
  const end = Math.max(path.lastIndexOf('/'), isWindows() ? path.lastIndexOf('\\') : -1) + 1
  const digest = await sha256Hex(path.slice(end))
  return { folder: path.slice(0, end), prefix: `.gwh-${digest.slice(0, 16)}-` }
}

function isWindows(): boolean {
  return (globalThis as { process?: { platform?: string } }).process?.platform === 'win32'
}

const UUID = /^[0-9a-f-]{36}\.part$/
// Another process may be saving the same file; one that still writes changes its temporary file all the time.
const STALE_MS = 600_000

/** Removes what processes that were killed while they saved this file left behind. */
async function removeStale(folder: string, prefix: string): Promise<void> {
  const { readdir, rm, stat } = fileSystem()
  const names = await readdir(folder || '.').catch(() => [])
  for (const name of names) {
    if (!name.startsWith(prefix) || !UUID.test(name.slice(prefix.length))) continue
    const path = `${folder}${name}`
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { force: true }).catch(() => {})
  }
}

async function fill(file: FileHandle, open: () => Promise<ReadableStream<Uint8Array>>): Promise<void> {
  try {
    for await (const chunk of chunksOf(await open())) await writeAll(file, chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } finally {
    // Otherwise the rest would be downloaded although nobody writes it.
    await reader.cancel().catch(() => {})
  }
}

/** A disk that is almost full takes a part of a chunk, without an error; the next attempt then fails. */
async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let left = chunk
  while (left.length > 0) {
    const { bytesWritten } = await file.write(left)
    if (bytesWritten === 0)
      throw new WebhookError('result_unavailable', 'the file system takes no more bytes')
    left = left.subarray(bytesWritten)
  }
}
