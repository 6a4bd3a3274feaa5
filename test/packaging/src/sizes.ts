import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Bundle, bundleEntry } from '@gwh-test/support/bundle'
import { readManifest, root } from './release.ts'

/** What importing an entry point costs, minified and gzipped, in bytes. */
export interface Size {
  entry: string
  /** Loaded at once. */
  bytes: number
  /** Loaded on demand. */
  laterBytes: number
}

/** The entry points of `@gwh/core`. */
export const coreEntries: string[] = Object.keys(
  readManifest(join(root, 'packages/core')).exports as Record<string, unknown>,
)
  .filter((name) => name !== './package.json')
  .map((name) => join('@gwh/core', name))

/** Bundles an entry point with everything it depends on, for a runtime without Node's built-ins. */
export async function bundle(entry: string): Promise<Size & Bundle> {
  const resolveDir = fileURLToPath(new URL('..', import.meta.url))
  return { entry, ...(await bundleEntry(entry, { resolveDir, conditions: ['worker'] })) }
}

/** What most receivers import, without the memory queue and functions for single deliveries. */
export async function bundleReceiver(): Promise<Size> {
  const resolveDir = fileURLToPath(new URL('..', import.meta.url))
  const names = ['createReceiver']
  const bundled = await bundleEntry('@gwh/core', { resolveDir, conditions: ['worker'], names })
  return { entry: '@gwh/core: createReceiver', ...bundled }
}

/** The size of what is reported, in the order of the report. */
export async function measureSizes(): Promise<Size[]> {
  return await Promise.all([bundleReceiver(), ...coreEntries.map(bundle)])
}

/** What a browser loads of the page of the emulator and the dashboard: script and stylesheet, gzipped, in bytes. */
export async function measurePage(): Promise<number> {
  const built: Record<string, string> = await import(join(root, 'packages/inspector/dist/built-page.js'))
  return Object.values(built).reduce((sum, text) => sum + gzipSync(text).length, 0)
}

/** The report as it stands in the repository. */
export const reportPath: string = join(root, 'docs/sizes.md')

/** The report: one row per entry point, and the page. */
export function toReport(sizes: readonly Size[], pageBytes: number): string {
  const kilo = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`
  const rows = sizes.map(({ entry, bytes, laterBytes }) => [
    `\`${entry}\``,
    kilo(bytes),
    laterBytes ? kilo(laterBytes) : '–',
  ])
  return `# Sizes

What an import of each entry point adds to a bundle, with all it depends on (\`zod\`, \`jose\`), minified and gzipped. What
few need is loaded on demand: key sets, job tokens, JSON Web Tokens, functions for secrets, explanations. Written by
\`npx pnpm@12 sizes\`; a test compares it with what is built.

${toTable([['import', 'at once', 'on demand'], ...rows])}

The page of the emulator, which is the dashboard too, loads ${kilo(pageBytes)} of script and styles, gzipped; 60 KB are its limit.
`
}

function toTable(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const toLine = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const padded = rows.map((row) => toLine(row.map((cell, column) => cell.padEnd(widths[column]!))))
  return [padded[0], toLine(widths.map((width) => '-'.repeat(width))), ...padded.slice(1)].join('\n')
}
