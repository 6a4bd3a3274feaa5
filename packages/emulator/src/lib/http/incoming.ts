import type { IncomingMessage } from 'node:http'

/**
 * Reads the body of a request of `node:http`; each chunk holds until the next one is asked for, and its memory is freed
 * then. Left to the garbage collector, chunks add up to a hundred megabytes before it runs.
 */
export async function* readIncoming(incoming: IncomingMessage): AsyncGenerator<Uint8Array> {
  const arrived: Uint8Array[] = []
  let wake = () => {}
  let isOver = incoming.readableEnded || incoming.destroyed
  // One at a time, as events: `for await` would join what has arrived into new buffers.
  const onData = (chunk: Uint8Array) => {
    incoming.pause()
    arrived.push(chunk)
    wake()
  }
  const onOver = () => {
    isOver = true
    wake()
  }
  incoming.on('data', onData).on('end', onOver).on('error', onOver).on('close', onOver)
  try {
    for (;;) {
      const chunk = arrived.shift()
      if (chunk !== undefined) {
        yield chunk
        free(chunk)
        incoming.resume()
      } else if (isOver) break
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
    if (!incoming.readableEnded) throw new TypeError('the request was broken off')
  } finally {
    incoming.off('data', onData).off('end', onOver).off('error', onOver).off('close', onOver)
  }
}

function free({ buffer, byteLength }: Uint8Array): void {
  // A part of a larger buffer is not ours to free.
  if (!(buffer instanceof ArrayBuffer) || byteLength !== buffer.byteLength) return
  try {
    buffer.transfer(0)
  } catch {
    // One of a pool cannot be freed.
  }
}
