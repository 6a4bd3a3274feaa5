import { WebhookError } from '@gwh/core/errors'
import { invalid } from '../shared/options.ts'

interface FileHandle {
  write(bytes: Uint8Array): Promise<{ bytesWritten: number }>
  sync(): Promise<void>
  close(): Promise<void>
}

interface FileSystem {
  open(path: string, flags: string): Promise<FileHandle>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { force: boolean }): Promise<void>
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
  const partial = `${path}.${crypto.randomUUID()}.part`
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
