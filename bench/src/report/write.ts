import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Section } from './section.ts'

/** Sections under one heading. */
export interface Chapter {
  title: string
  sections: readonly Section[]
}

/**
 * Writes `performance.md` and a chart for each of its tables.
 *
 * @param folder Where to write: `docs`
 * @param introduction What stands above the tables: the machine, and how to read them
 */
export function writeReport(folder: string, introduction: string, chapters: readonly Chapter[]): void {
  const charts = join(folder, 'performance')
  mkdirSync(charts, { recursive: true })
  for (const old of readdirSync(charts)) if (old.endsWith('.svg')) rmSync(join(charts, old))
  for (const { sections } of chapters) {
    for (const { id, chart } of sections) writeFileSync(join(charts, `${id}.svg`), chart)
  }
  const text = chapters.map(({ title, sections }) => `## ${title}\n\n${sections.map(toMarkdown).join('\n')}`)
  writeFileSync(join(folder, 'performance.md'), `${introduction}\n${text.join('\n')}`)
}

function toMarkdown({ id, title, text, head, rows }: Section): string {
  return `### ${title}\n\n${text}\n\n${toTable(head, rows)}\n\n![${title}](performance/${id}.svg)\n`
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => row[column]!.length)),
  )
  const toLine = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const ruler = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [toLine(head), `| ${ruler.join(' | ')} |`, ...rows.map(toLine)].join('\n')
}
