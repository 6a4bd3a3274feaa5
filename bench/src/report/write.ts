import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chapter } from './chapters.ts'
import type { Section } from './section.ts'

/** Writes `performance.md` with a table and a chart for each section. The charts are in the folder `performance`. */
export function writeReport(folder: string, introduction: string, chapters: readonly Chapter[]): void {
  const charts = join(folder, 'performance')
  mkdirSync(charts, { recursive: true })
  const texts = chapters.map(({ title, measured, sections }) => {
    for (const { id, chart } of sections) writeFileSync(join(charts, `${id}.svg`), chart)
    return `## ${title}\n\n${measured}\n\n${sections.map((section) => toMarkdown(section)).join('\n')}`
  })
  writeFileSync(join(folder, 'performance.md'), `${introduction}\n${texts.join('\n')}`)
}

function toMarkdown({ id, title, text, head, rows }: Section): string {
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
