/** One line of a stream, without its line break. */
export interface Line {
  /** The text; `undefined` if the line was longer than allowed. */
  text: string | undefined
}

const NEWLINE = 10

/**
 * Splits a stream of bytes into lines, and holds no more than one of them in memory.
 *
 * A line longer than `mostBytes` is skipped to its end. Empty lines are left out. Ends the stream when the caller stops.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  mostBytes: number,
): AsyncGenerator<Line> {
  const reader = stream.getReader()
  const line = createLineBuffer(mostBytes)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      let start = 0
      for (let end = value.indexOf(NEWLINE); end !== -1; end = value.indexOf(NEWLINE, start)) {
        line.add(value.subarray(start, end))
        start = end + 1
        const taken = line.take()
        if (taken) yield taken
      }
      line.add(value.subarray(start))
    }
    const last = line.take()
    if (last) yield last
  } finally {
    // Also when the caller stops early: otherwise the rest of the file would be downloaded.
    await reader.cancel().catch(() => {})
  }
}

function createLineBuffer(mostBytes: number) {
  const decoder = new TextDecoder()
  let parts: Uint8Array[] = []
  let bytes = 0
  return {
    add(part: Uint8Array) {
      bytes += part.length
      if (bytes > mostBytes) parts = []
      else if (part.length > 0) parts.push(part)
    },
    take(): Line | undefined {
      const [held, size] = [parts, bytes]
      parts = []
      bytes = 0
      if (size > mostBytes) return { text: undefined }
      const text = decoder.decode(join(held, size)).trim()
      return text === '' ? undefined : { text }
    },
  }
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const joined = new Uint8Array(size)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
