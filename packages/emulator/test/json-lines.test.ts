import { expect, test } from 'vitest'
import { LineWriter, readLines } from '../src/lib/files/json-lines.ts'

const encode = (text: string) => new TextEncoder().encode(text)

/** A stream of the given chunks. */
const streamOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = chunks.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(chunk)
    },
  })

async function linesOf(stream: ReadableStream<Uint8Array>, maxBytes = 100) {
  const lines: [number, string][] = []
  for await (const { number, text } of readLines(stream, maxBytes)) lines.push([number, text])
  return lines
}

test('lines are found wherever the chunks are cut', async () => {
  const bytes = encode('{"a":"ä€😀"}\n\n  \r\n{"b":2}\r\nlast')
  const expected = [
    [1, '{"a":"ä€😀"}'],
    [4, '{"b":2}\r'],
    [5, 'last'],
  ]
  for (let cut = 0; cut <= bytes.byteLength; cut += 1) {
    expect(await linesOf(streamOf(bytes.slice(0, cut), bytes.slice(cut)))).toEqual(expected)
  }
  expect(await linesOf(streamOf(...[...bytes].map((byte) => Uint8Array.of(byte))))).toEqual(expected)
})

test('a line may be as long as the limit and no longer', async () => {
  expect(await linesOf(streamOf(encode('12345\n12345')), 5)).toHaveLength(2)
  await expect(linesOf(streamOf(encode('1\n123'), encode('456\n')), 5)).rejects.toThrow(
    "line 2: This is longer than the emulator's limits.batchLineBytes of 5.",
  )
})

test('a line that is not UTF-8 is refused with its number', async () => {
  const stream = streamOf(encode('1\n2\n'), Uint8Array.of(0xff, 10))
  await expect(linesOf(stream)).rejects.toThrow('line 3: This is not UTF-8.')
})

test('a reader that stops cancels the stream', async () => {
  let cancelled = false
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(encode('x\n')),
    cancel: () => {
      cancelled = true
    },
  })
  for await (const { number } of readLines(stream, 10)) if (number === 3) break
  expect(cancelled).toBe(true)
})

test('lines are written in blocks', async () => {
  const written: string[] = []
  const lines = new LineWriter({
    write: async (chunk: Uint8Array) => void written.push(new TextDecoder().decode(chunk)),
  })
  for (let index = 0; index < 5; index += 1) await lines.write({ index, text: 'x'.repeat(100_000) })
  await lines.flush()
  expect(written.length).toBeLessThan(5)
  expect(
    written
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).index),
  ).toEqual([0, 1, 2, 3, 4])
})
