import { measureCpu } from '../cpu-table.ts'
import { growConnections } from '../growth/connections.ts'
import { growRedisProcesses, growSqliteProcesses } from '../growth/processes.ts'
import { growSecrets } from '../growth/secrets.ts'
import { growStored } from '../growth/stored.ts'
import type { Around } from '../http/around.ts'
import { measureTable } from '../http/measure.ts'
import { TABLES } from '../http/tables.ts'
import { measureImports, weighImports } from '../imports.ts'
import { verifyTables } from '../verify-tables.ts'
import { printFigures, printGrowth, printMeasured } from './print.ts'
import { type Section, toCostSection, toFigureSection, toGrowthSection } from './section.ts'

/** What the measurements need. */
export interface Setting {
  around: Around
  rounds: number
  quick: boolean
  /** The body of the deliveries over HTTP. */
  body: Buffer
}

/** The titles of all chapters, in the order of the report. */
export const CHAPTERS = ['Servers', 'Verification', 'Imports', 'Growth'] as const

export type ChapterTitle = (typeof CHAPTERS)[number]

/** Part of the report that is not measured yet. */
export interface PlannedChapter {
  title: ChapterTitle
  measure(): Promise<Section[]>
}

/** Part of the report. */
export interface Chapter {
  title: ChapterTitle
  /** How it was measured: when, how often, and what else the machine had to do. */
  measured: string
  sections: Section[]
}

/** All chapters, in the order of the report. */
export function chaptersOf(setting: Setting): PlannedChapter[] {
  const measure = {
    Servers: measureServers,
    Verification: measureVerification,
    Imports: measureEntryPoints,
    Growth: measureGrowth,
  }
  return CHAPTERS.map((title) => ({ title, measure: () => measure[title](setting) }))
}

async function measureServers({ around, rounds, quick, body }: Setting): Promise<Section[]> {
  const deliveries = quick ? { warmUp: 9_000, deliveries: 1_500 } : { warmUp: 30_000, deliveries: 4_000 }
  const extent = { rounds, ...deliveries, connections: 64 }
  const sections: Section[] = []
  for (const table of TABLES) {
    const measured = await measureTable(table, body, extent, around)
    printMeasured(table.title, measured)
    sections.push(toCostSection(table.id, table.title, table.text, measured))
  }
  return sections
}

const VERIFICATION =
  'In one process, without HTTP. Each library gets the same body, with a signature in the form that its own sender writes.'

async function measureVerification({ rounds }: Setting): Promise<Section[]> {
  const sections: Section[] = []
  for await (const table of verifyTables()) {
    const measured = await measureCpu(table, rounds)
    printMeasured(table.title, measured)
    sections.push(toCostSection(table.id, table.title, VERIFICATION, measured))
  }
  return sections
}

async function measureEntryPoints({ rounds }: Setting): Promise<Section[]> {
  const time = { title: 'CPU time of an import', unit: 'ms', figures: measureImports(rounds) }
  printFigures(time)
  const size = { title: 'Size of an import', unit: 'KB', figures: await weighImports() }
  printFigures(size)
  return [
    toFigureSection({ id: 'import-time', text: IMPORT_TIME, ...time }),
    toFigureSection({ id: 'import-size', text: IMPORT_SIZE, ...size }),
  ]
}

const IMPORT_TIME =
  'In a fresh process of Node, without the start of Node itself: the least of the starts. A function pays it with every cold start. `@gwh/core` reads events without zod, and `@gwh/node` loads `node:http` when `serve` is called; so both can take less than these.'
const IMPORT_SIZE =
  'What it adds to a bundle for Node at once, with all it depends on, minified and gzipped. [Sizes](sizes.md) has every entry point, and what is loaded on demand; a bundle in one file has both.'

async function measureGrowth({ around, rounds, quick }: Setting): Promise<Section[]> {
  const few = Math.ceil(rounds / 5)
  const sizes = [1_000, 10_000, 100_000, ...(quick ? [] : [1_000_000])]
  const grown = [
    [await growConnections(around, few), CONNECTIONS],
    [await growStored(around.folder, sizes, rounds), STORED],
    [await growSecrets(rounds), SECRETS],
    [await growSqliteProcesses(around, few), PROCESSES],
    [await growRedisProcesses(around, few), PROCESSES],
  ] as const
  for (const [growth] of grown) printGrowth(growth)
  return grown.map(([growth, text]) => toGrowthSection(growth, text))
}

const CONNECTIONS =
  'The median of a round; the least of the rounds. The deliveries are spread evenly over the connections.'
const STORED = 'A million ids are 72 hours at 4 deliveries per second.'
const SECRETS = 'All secrets are tried, because rotation lets several be valid at a time.'
const PROCESSES =
  'Wall time, with 64 deliveries in flight in each process; the best of the rounds. The processes share the cores of the machine.'
