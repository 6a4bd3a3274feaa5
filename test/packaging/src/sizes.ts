import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { readManifest, root } from './release.ts'

/** What importing an entry point costs, minified and gzipped, in bytes. */
export interface Size {
  entry: string
  /** Loaded at once. */
  bytes: number
  /** Loaded when the first JSON Web Token arrives. */
  laterBytes: number
}

/** A bundle of one entry point: its size, and the files in the part that is loaded at once. */
export interface Bundle extends Size {
  inputs: string[]
}

/** The entry points of `@gwh/core`. */
export const coreEntries: string[] = Object.keys(
  readManifest(join(root, 'packages/core')).exports as Record<string, unknown>,
)
  .filter((name) => name !== './package.json')
  .map((name) => join('@gwh/core', name))

/** Bundles an entry point with everything it depends on, for a runtime without Node's built-ins. */
export async function bundle(entry: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export * from '${entry}'`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2024',
    outdir: 'out',
    conditions: ['worker'],
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  const eager = loadedAtOnce(metafile)
  const weigh = (wanted: boolean) =>
    outputFiles
      .filter(({ path }) => eager.has(nameOf(path)) === wanted)
      .reduce((total, { contents }) => total + gzipSync(contents, { level: 9 }).length, 0)
  const inputs = Object.entries(metafile.outputs)
    .filter(([path]) => eager.has(nameOf(path)))
    .flatMap(([, output]) => Object.keys(output.inputs))
  return { entry, bytes: weigh(true), laterBytes: weigh(false), inputs }
}

function nameOf(path: string): string {
  return path.split('/').at(-1)!
}

/** The chunks the entry imports statically, directly or not. */
function loadedAtOnce({ outputs }: Metafile): Set<string> {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(nameOf(path))) return
    found.add(nameOf(path))
    for (const { path: next, kind } of outputs[path]!.imports) {
      if (kind === 'import-statement') visit(next)
    }
  }
  visit(Object.keys(outputs).find((path) => outputs[path]!.entryPoint)!)
  return found
}

/** The report as it stands in the repository. */
export const reportPath: string = join(root, 'docs/sizes.md')

/** The report: one row per entry point. */
export function toReport(sizes: readonly Size[]): string {
  const kilo = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`
  const rows = sizes.map(({ entry, bytes, laterBytes }) => [
    `\`${entry}\``,
    kilo(bytes),
    laterBytes ? kilo(laterBytes) : '–',
  ])
  return `# Sizes

What an import of each entry point adds to a bundle, with all it depends on (\`zod\`, \`jose\`), minified and gzipped. What
only JSON Web Tokens need is loaded when the first one comes. Written by \`npx pnpm@12 sizes\`; a test compares it with what is
built.

${toTable([['import', 'at once', 'when a token comes'], ...rows])}
`
}

function toTable(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const toLine = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const padded = rows.map((row) => toLine(row.map((cell, column) => cell.padEnd(widths[column]!))))
  return [padded[0], toLine(widths.map((width) => '-'.repeat(width))), ...padded.slice(1)].join('\n')
}
