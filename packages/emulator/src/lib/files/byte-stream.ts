import { type FileHandle, open } from 'node:fs/promises'
import type { ByteRange } from './file-record.ts'

// Of one buffer that is used over and over.
const SCAN_BYTES = 256 * 1024

const READ_BYTES = 64 * 1024

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
 *
 * With `isSent`, which says whether every chunk that was read has left this process, buffers are used over and over.
 */
export function readBytes(
  path: string,
  range: ByteRange,
  isSent?: () => boolean,
): ReadableStream<Uint8Array> {
  const nextBuffer = createBuffers(READ_BYTES, isSent)
  let handle: FileHandle | undefined
  let position = range.start
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        handle ??= await open(path, 'r')
        const buffer = nextBuffer()
        const length = Math.min(buffer.byteLength, range.end + 1 - position)
        const { bytesRead } = await handle.read(buffer, 0, length, position)
        position += bytesRead
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead))
        await handle.close()
        controller.close()
      },
      cancel: () => handle?.close(),
    },
    { highWaterMark: 0 },
  )
}

/** Gives out buffers: new ones, or, once everything is sent, those that were given out before. */
function createBuffers(size: number, isSent: (() => boolean) | undefined): () => Uint8Array {
  if (isSent === undefined) return () => new Uint8Array(size)
  const given: Uint8Array[] = []
  let free: Uint8Array[] = []
  return () => {
    if (isSent()) free = free.concat(given.splice(0))
    const buffer = free.pop() ?? new Uint8Array(size)
    given.push(buffer)
    return buffer
  }
}
