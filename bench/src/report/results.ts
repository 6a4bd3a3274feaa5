import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Section } from './section.ts'

/** One chapter as it was measured last. Its charts are files of their own. */
export interface Result {
  title: string
  /** How it was measured: when, how often, and what else the machine had to do. */
  measured: string
  sections: Omit<Section, 'chart'>[]
}

/** The results of earlier runs, so that a run of one chapter keeps the others. */
export function readResults(charts: string): Result[] {
  const path = join(charts, 'results.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Result[]) : []
}

/** Keeps the results and writes the chart of each new section. */
export function keepResults(charts: string, results: readonly Result[], sections: readonly Section[]): void {
  mkdirSync(charts, { recursive: true })
  for (const { id, chart } of sections) writeFileSync(join(charts, `${id}.svg`), chart)
  writeFileSync(join(charts, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
}
