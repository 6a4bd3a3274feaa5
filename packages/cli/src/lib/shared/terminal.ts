import picocolors from 'picocolors'
import { type Painted, type Piece, toText } from './paint.ts'
import { toPrintableJson } from './printable.ts'

/**
 * Where a command writes. Results go to standard output, everything else to standard error. Whatever is written is made
 * printable, because much of it comes from outside; colours are values of their own, not text.
 */
export interface Terminal {
  /** Writes one line of the result. */
  out(...pieces: readonly Piece[]): void
  /** Writes the lines of a text as the result. */
  lines(text: string): void
  /** Writes one line for a person to read beside the result. */
  note(...pieces: readonly Piece[]): void
  /** Writes the result as JSON; several make one document per line. */
  json(value: unknown): void
}

/** Creates a terminal on the process's streams. Colours appear on a terminal only, and not with `NO_COLOR`. */
export function createTerminal(): Terminal {
  const [out, note] = [createWriter(process.stdout), createWriter(process.stderr)]
  return {
    out,
    note,
    lines(text) {
      for (const line of text.split('\n')) out(line)
    },
    json: (value) => void process.stdout.write(`${toPrintableJson(value)}\n`),
  }
}

function createWriter(stream: NodeJS.WriteStream): Terminal['out'] {
  const colors = picocolors.createColors(picocolors.isColorSupported && stream.isTTY)
  const paint = ({ color, text }: Painted) => colors[color](text)
  return (...pieces) => void stream.write(`${toText(pieces, paint)}\n`)
}
