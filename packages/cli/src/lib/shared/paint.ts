import { printable } from './printable.ts'

/** A text with a colour, which a terminal may show. */
export interface Painted {
  readonly color: 'bold' | 'dim' | 'green' | 'red' | 'yellow'
  readonly text: string
}

/** A part of a line. */
export type Piece = string | Painted

const painter =
  (color: Painted['color']) =>
  (text: string): Painted => ({ color, text })

/** Bold text. */
export const bold = painter('bold')
/** Dim text. */
export const dim = painter('dim')
/** Green text. */
export const green = painter('green')
/** Red text. */
export const red = painter('red')
/** Yellow text. */
export const yellow = painter('yellow')

/** Joins the pieces of a line, each made printable first. */
export function toText(pieces: readonly Piece[], paint: (piece: Painted) => string): string {
  return pieces
    .map((piece) =>
      typeof piece === 'string' ? printable(piece) : paint({ ...piece, text: printable(piece.text) }),
    )
    .join('')
}
