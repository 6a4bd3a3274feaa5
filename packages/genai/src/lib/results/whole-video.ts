import { type ByteCheck, cut } from './whole-file.ts'

// A box starts with its size in 4 bytes and its type in 4 more; a size of 1 means that 8 bytes with the size follow.
const HEADER_BYTES = 8
const LONG_HEADER_BYTES = 16

/**
 * Checks that a video is no text, and that an MP4 file is complete: the lengths of its boxes add up. Other containers are
 * taken as they are.
 *
 * @see https://www.iso.org/standard/83102.html (ISO/IEC 14496-12, 4.2)
 */
export function videoCheck(file: string): ByteCheck {
  const walk = createBoxWalk()
  let isFirst = true
  return {
    take(chunk) {
      if (isFirst && isText(chunk)) throw cut(`${file} arrived as text, not as a video`)
      isFirst = isFirst && chunk.length === 0
      walk.take(chunk)
    },
    end() {
      if (walk.isInBox()) throw cut(`${file} ends within a box of its MP4 container`)
    },
  }
}

/** Follows the boxes of an MP4 file; anything that is no MP4 file ends the walk. */
function createBoxWalk() {
  let [offset, boxEnd, isMp4] = [0, 0, true]
  let header: number[] = []
  const readHeader = () => {
    const box = toBox(header)
    if (box === undefined) return
    const isFile = boxEnd > 0 || box.type === 'ftyp'
    if (!isFile || box.size < header.length) isMp4 = false
    boxEnd += box.size
    header = []
  }
  return {
    take(chunk: Uint8Array) {
      let at = 0
      while (isMp4 && at < chunk.length) {
        if (header.length > 0 || offset + at === boxEnd) {
          header.push(chunk[at++]!)
          readHeader()
        } else {
          at = Math.min(chunk.length, boxEnd - offset)
        }
      }
      offset += chunk.length
    },
    isInBox: () =>
      isMp4 && boxEnd > 0 && boxEnd !== Number.POSITIVE_INFINITY && (header.length > 0 || offset < boxEnd),
  }
}

/** The box that a header begins; `undefined` while bytes of it are missing. */
function toBox(header: readonly number[]): { size: number; type: string } | undefined {
  if (header.length < HEADER_BYTES) return undefined
  const size = toNumber(header.slice(0, 4))
  const type = String.fromCharCode(...header.slice(4, HEADER_BYTES))
  // The last box may have no size: it reaches to the end of the file, wherever that is.
  if (size === 0) return { size: Number.POSITIVE_INFINITY, type }
  if (size !== 1) return { size, type }
  return header.length < LONG_HEADER_BYTES ? undefined : { size: toNumber(header.slice(8)), type }
}

const toNumber = (bytes: readonly number[]) => bytes.reduce((sum, byte) => sum * 256 + byte, 0)

const TEXT_SAMPLE_BYTES = 64

function isText(chunk: Uint8Array): boolean {
  const sample = chunk.subarray(0, TEXT_SAMPLE_BYTES)
  const isPrinted = (byte: number) => (byte >= 0x20 && byte !== 0x7f) || (byte >= 9 && byte <= 13)
  return sample.length > 0 && sample.every(isPrinted)
}
