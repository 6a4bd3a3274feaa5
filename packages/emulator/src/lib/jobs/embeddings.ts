import { RequestFault } from '../http/faults.ts'
import { type Fields, isFields, pick } from '../http/fields.ts'
import { promptText } from './answers.ts'

/** The size of `gemini-embedding-001` vectors (https://ai.google.dev/gemini-api/docs/embeddings). */
const DIMENSIONS = 3072

/**
 * Makes the embedding of an EmbedContentRequest: a vector of length 1 that depends on the text alone. Equal texts
 * have equal vectors; nothing else about two vectors means anything.
 *
 * @throws RequestFault when there is no content, or `outputDimensionality` is out of range
 */
export function embed(request: Fields): { values: number[] } {
  if (!isFields(request.content)) throw new RequestFault('invalid_request', "An embedding needs 'content'.")
  const size = readSize(pick(request, 'outputDimensionality'))
  const next = randomFrom(promptText(request.content))
  const raw = Array.from({ length: size }, () => next() - 0.5)
  const length = Math.hypot(...raw)
  return { values: raw.map((value) => Math.round((value / length) * 1e6) / 1e6) }
}

function readSize(value: unknown): number {
  if (value === undefined) return DIMENSIONS
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= DIMENSIONS) return value
  throw new RequestFault(
    'invalid_request',
    `'outputDimensionality' must be a whole number from 1 to ${DIMENSIONS}.`,
  )
}

/** Numbers from 0 to 1 that look random and depend on the text alone: FNV-1a seeds a mulberry32. */
function randomFrom(text: string): () => number {
  let state = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
