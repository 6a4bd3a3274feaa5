import Table from 'cli-table3'
import { printable } from './printable.ts'

const NONE = ''
const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((name) => [name, NONE]),
)

/** Lays rows out in columns under a heading. */
export function toTable(head: readonly string[], rows: readonly (readonly (string | undefined)[])[]): string {
  const table = new Table({
    head: [...head],
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...rows.map((row) => row.map((cell) => printable(cell ?? ''))))
  return table.toString().replace(/[ \t]+$/gm, '')
}
