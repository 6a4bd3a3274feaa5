import { invalid } from '../shared/options.ts'

interface FileHandle {
  write(bytes: Uint8Array): Promise<unknown>
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
 * Writes a stream to a file. The file has its name only once it is complete.
 *
 * @throws WebhookConfigError `option_invalid` on a runtime without a file system
 */
export async function saveStream(
  open: () => Promise<ReadableStream<Uint8Array>>,
  path: string,
): Promise<void> {
  const { open: openFile, rename, rm } = fileSystem()
  const stream = await open()
  const partial = `${path}.${crypto.randomUUID()}.part`
  try {
    await writeAll(await openFile(partial, 'wx'), stream)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function writeAll(file: FileHandle, stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) await file.write(next.value)
    await file.sync()
  } finally {
    await file.close()
    await reader.cancel().catch(() => {})
  }
}
