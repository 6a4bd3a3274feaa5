import { open } from 'node:fs/promises'
import type { ByteRange } from './file-record.ts'

const CHUNK_BYTES = 256 * 1024

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
        const wanted = Math.min(CHUNK_BYTES, range.end + 1 - position)
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
