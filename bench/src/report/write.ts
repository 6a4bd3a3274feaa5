import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from './results.ts'

/** Writes `performance.md` with a table and a chart for each section. The charts are in the folder `performance`. */
export function writeReport(folder: string, introduction: string, results: readonly Result[]): void {
  const chapters = results.map(
    ({ title, measured, sections }) =>
      `## ${title}\n\n${measured}\n\n${sections.map((section) => toMarkdown(section)).join('\n')}`,
  )
  writeFileSync(join(folder, 'performance.md'), `${introduction}\n${chapters.join('\n')}`)
}

function toMarkdown({ id, title, text, head, rows }: Result['sections'][number]): string {
  return `### ${title}\n\n${text}\n\n${toTable(head, rows)}\n\n![${title}](performance/${id}.svg)\n`
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]!.length)),
  )
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  const toLine = (cells: readonly string[]) => `| ${cells.map(pad).join(' | ')} |`
  const ruler = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [toLine(head), `| ${ruler.join(' | ')} |`, ...rows.map(toLine)].join('\n')
}
