/** One line of a stream, without its line break. */
export interface Line {
  /** The text; `undefined` if the line was longer than allowed. */
  text: string | undefined
}

/** Splits bytes that arrive in chunks into lines. */
export interface LineSplitter {
  /** The lines that a chunk completes. The chunk may be used again once they were read. */
  push(chunk: Uint8Array): Generator<Line>
  /** The line after the last line break. */
  end(): Line | undefined
}

const NEWLINE = 10

/**
 * Creates a splitter that holds no more than the line that is not complete yet, in one buffer.
 *
 * A line longer than `mostBytes` is skipped to its end. Empty lines are left out.
 */
export function createLineSplitter(mostBytes: number): LineSplitter {
  const decoder = new TextDecoder()
  const start = createLineStart(mostBytes)
  const toLine = (bytes: Uint8Array | undefined): Line | undefined => {
    if (!bytes || bytes.length > mostBytes) return { text: undefined }
    const text = decoder.decode(bytes).trim()
    return text === '' ? undefined : { text }
  }
  return {
    *push(chunk) {
      let from = 0
      for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
        const line = toLine(start.finish(chunk.subarray(from, to)))
        from = to + 1
        if (line) yield line
      }
      start.add(chunk.subarray(from))
    },
    end: () => toLine(start.finish(new Uint8Array())),
  }
}

/** Keeps the bytes of a line whose end has not arrived. */
function createLineStart(mostBytes: number) {
  let held = new Uint8Array()
  let size = 0
  const add = (part: Uint8Array) => {
    const before = size
    size += part.length
    if (part.length === 0 || size > mostBytes) return
    held = withRoom(held, before, size)
    held.set(part, before)
  }
  return {
    add,
    /** The whole line; `undefined` if it is too long. Valid until the next call. */
    finish(last: Uint8Array): Uint8Array | undefined {
      if (size === 0) return last
      add(last)
      const line = size > mostBytes ? undefined : held.subarray(0, size)
      size = 0
      return line
    },
  }
}

// A buffer for longer lines than this is not kept for the next line.
const KEPT_BYTES = 1024 * 1024

/** A buffer with room for more bytes: the same one, or one of twice the size. */
function withRoom(held: Uint8Array<ArrayBuffer>, used: number, size: number): Uint8Array<ArrayBuffer> {
  const isOversized = used === 0 && held.length > KEPT_BYTES
  if (held.length >= size && !isOversized) return held
  const larger = new Uint8Array(Math.max(size, isOversized ? 0 : held.length * 2))
  larger.set(held.subarray(0, used))
  return larger
}
