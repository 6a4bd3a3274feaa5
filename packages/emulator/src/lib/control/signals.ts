import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { EmulatorState } from '../state/state.ts'

// Well below what proxies and browsers allow a quiet connection.
const HEARTBEAT_MS = 15_000

// A reader that is so far behind is not reading. It can connect anew, and read what there is.
const MAX_UNREAD = 2000

/**
 * Streams every signal from now on as server-sent events; a comment now and then keeps a quiet stream alive. The stream
 * ends when its reader stays behind.
 */
export function streamSignals(c: Context, { listeners }: EmulatorState): Response {
  return streamSSE(c, async (stream) => {
    let unread = 0
    const stop = listeners.add((signal) => {
      if (unread >= MAX_UNREAD) return stream.abort()
      unread += 1
      void stream
        .writeSSE({ event: signal.type, data: JSON.stringify(signal, describeErrors) })
        .finally(() => {
          unread -= 1
        })
    })
    const beat = setInterval(() => void stream.write(': \n\n'), HEARTBEAT_MS)
    // A process that is otherwise done must not wait for it.
    beat.unref?.()
    await stream.write(': \n\n')
    await new Promise<void>((resolve) => stream.onAbort(resolve))
    clearInterval(beat)
    stop()
  })
}

/** An error has no fields of its own that JSON would show. */
function describeErrors(_: string, value: unknown): unknown {
  return value instanceof Error ? String(value) : value
}
