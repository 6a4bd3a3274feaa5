import { Buffer } from 'node:buffer'
import type { FileWriter } from './file-store.ts'

/** One line of a JSONL file. */
export interface JsonLine {
  /** 1 for the first. */
  readonly number: number
  readonly text: string
}

/** A line that cannot be read; the message says which. */
export class LineError extends Error {
  override readonly name = 'LineError'

  constructor(number: number, problem: string) {
    super(`line ${number}: ${problem}`)
  }
}

const NEWLINE = 10

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the lines of a JSONL file, of which one at a time is in memory. Empty lines are skipped but counted. A chunk
 * may change once the next one is asked for.
 *
 * @throws LineError when a line is longer than `maxBytes` or no UTF-8
 */
export async function* readLines(
  bytes: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<JsonLine> {
  let number = 1
  let parts: Uint8Array[] = []
  let size = 0

  function add(part: Uint8Array): void {
    size += part.byteLength
    if (size > maxBytes)
      throw new LineError(number, `This is longer than the emulator's limits.batchLineBytes of ${maxBytes}.`)
    parts.push(part)
  }

  function take(): JsonLine {
    const line = {
      number,
      text: decode(parts.length === 1 ? parts[0]! : Buffer.concat(parts, size), number),
    }
    number += 1
    parts = []
    size = 0
    return line
  }

  for await (const chunk of bytes) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end))
      start = end + 1
      const line = take()
      if (line.text.trim() !== '') yield line
    }
    add(chunk.slice(start))
  }
  const last = take()
  if (last.text.trim() !== '') yield last
}

function decode(bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new LineError(number, 'This is not UTF-8.')
  }
}

// Lines are written in blocks: one call to the operating system for each would take most of the time.
const BLOCK_BYTES = 256 * 1024

/** Writes values as the lines of a JSONL file, through one buffer that is used over and over. */
export class LineWriter {
  readonly #file: Pick<FileWriter, 'write'>
  readonly #encoder = new TextEncoder()
  readonly #block = new Uint8Array(BLOCK_BYTES)
  #used = 0

  constructor(file: Pick<FileWriter, 'write'>) {
    this.#file = file
  }

  async write(value: unknown): Promise<void> {
    for (let rest = `${JSON.stringify(value)}\n`; rest !== ''; ) {
      const { read, written } = this.#encoder.encodeInto(rest, this.#block.subarray(this.#used))
      this.#used += written
      rest = rest.slice(read)
      if (rest !== '') await this.flush()
    }
  }

  async flush(): Promise<void> {
    await this.#file.write(this.#block.subarray(0, this.#used))
    this.#used = 0
  }
}
