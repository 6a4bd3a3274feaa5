import { expect, test } from 'vitest'
import { createLineSplitter } from '../src/lib/results/lines.ts'

const MOST_BYTES = 3_000_000

/** Splits a text that arrives in chunks of the given sizes, used in turn. */
function split(text: string, sizes: readonly number[]): (string | undefined)[] {
  const splitter = createLineSplitter(MOST_BYTES)
  const bytes = new TextEncoder().encode(text)
  const lines: (string | undefined)[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    const chunk = bytes.slice(at, at + size)
    for (const line of splitter.push(chunk)) lines.push(line.text)
    // The memory of a chunk may be used again.
    chunk.fill(0)
    at += size
  }
  const last = splitter.end()
  return last ? [...lines, last.text] : lines
}

// Shorter and longer than what the buffer keeps, in an order in which it grows, shrinks and grows again.
const LENGTHS = [10, 2_000_000, 2, 5, 70_000, 3, 1_048_577, 3, 2_999_000, 8]
const LINES = LENGTHS.map((length, index) => `${index}é`.padEnd(length, 'x'))

test.each(['1000000', '65536', '7 65536 1 900001 3', '10000000'])(
  'lines of any length are the same in chunks of %s bytes',
  (sizes) => {
    for (const lineBreak of ['\n', '\r\n']) {
      const text = LINES.join(lineBreak)
      for (const ended of [text, text + lineBreak]) {
        const lines = split(ended, sizes.split(' ').map(Number))
        // Not compared as a whole: a failure would print megabytes.
        expect(lines.map((line) => line?.length)).toEqual(LENGTHS)
        expect(lines.findIndex((line, index) => line !== LINES[index])).toBe(-1)
      }
    }
  },
)

test.each(['1000', '10000000'])('a line that is too long is left out, in chunks of %s bytes', (size) => {
  const text = ['one', 'x'.repeat(MOST_BYTES + 1), 'y'.repeat(MOST_BYTES), 'two'].join('\n')
  const lines = split(text, [Number(size)])
  expect(lines.map((line) => line?.slice(0, 3))).toEqual(['one', undefined, 'yyy', 'two'])
})
