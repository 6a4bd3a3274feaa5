import { type FileHandle, open } from 'node:fs/promises'
import type { ByteRange } from './file-record.ts'

// Of one buffer that is used over and over.
const SCAN_BYTES = 256 * 1024

// Of buffers that the garbage collector frees. It runs after so many of them rather than so many bytes, so they are small.
const READ_BYTES = 16 * 1024

/**
 * Reads a whole file into one buffer, over and over: each chunk holds until the next one is asked for. Buffers that
 * are left to the garbage collector add up to many megabytes before it runs.
 */
export async function* scanBytes(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r')
  const buffer = new Uint8Array(SCAN_BYTES)
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, SCAN_BYTES)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/**
 * Reads a part of a file as it is asked for, so that one chunk at a time is in memory. The file is opened by the first
 * read: the answer to a HEAD request is never read.
 */
export function readBytes(path: string, range: ByteRange): ReadableStream<Uint8Array> {
  let handle: FileHandle | undefined
  let position = range.start
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        handle ??= await open(path, 'r')
        const chunk = new Uint8Array(Math.min(READ_BYTES, range.end + 1 - position))
        const { bytesRead } = await handle.read(chunk, 0, chunk.byteLength, position)
        position += bytesRead
        if (bytesRead > 0) return controller.enqueue(chunk.subarray(0, bytesRead))
        await handle.close()
        controller.close()
      },
      cancel: () => handle?.close(),
    },
    { highWaterMark: 0 },
  )
}
