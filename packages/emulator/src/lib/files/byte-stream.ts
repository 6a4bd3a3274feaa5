import { open } from 'node:fs/promises'
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
 * Reads a part of a file as it is asked for, so that one chunk at a time is in memory.
 *
 * `Readable.toWeb` is not used: in some versions of Node it counts chunks instead of bytes and reads far ahead.
 */
export async function readBytes(path: string, range: ByteRange): Promise<ReadableStream<Uint8Array>> {
  const handle = await open(path, 'r')
  let position = range.start
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const wanted = Math.min(READ_BYTES, range.end + 1 - position)
        const chunk = new Uint8Array(Math.max(wanted, 0))
        const { bytesRead } = wanted > 0 ? await handle.read(chunk, 0, wanted, position) : { bytesRead: 0 }
        position += bytesRead
        if (bytesRead > 0) return controller.enqueue(chunk.subarray(0, bytesRead))
        await handle.close()
        controller.close()
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  )
}
