import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'

/** A bundle of one entry point, minified: what it weighs gzipped, in bytes. */
export interface Bundle {
  /** What is loaded at once. */
  bytes: number
  /** What is loaded when something is imported later: with the first JSON Web Token, for instance. */
  laterBytes: number
  /** The files that are part of what is loaded at once. */
  inputs: string[]
}

/** Where an entry point is bundled from, and what for. */
export interface BundleOptions {
  /** The folder whose dependencies are found. */
  resolveDir: string
  /** The runtime's export conditions. */
  conditions: string[]
  /** What is left out. Default: nothing. */
  external?: string[]
  /** What is imported. Default: all. */
  names?: string[]
}

/** Bundles an entry point with everything it depends on. */
export async function bundleEntry(
  entry: string,
  { resolveDir, conditions, external = [], names }: BundleOptions,
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export ${names ? `{ ${names.join(', ')} }` : '*'} from '${entry}'`, resolveDir },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2024',
    // The names of chunks, and so a few bytes, follow from paths that are relative to this.
    absWorkingDir: resolveDir,
    outdir: 'out',
    conditions,
    external,
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
  return { bytes: weigh(true), laterBytes: weigh(false), inputs }
}

function nameOf(path: string): string {
  return path.split('/').at(-1)!
}

/** The chunks that the entry imports statically, directly or indirectly. */
function loadedAtOnce({ outputs }: Metafile): Set<string> {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(nameOf(path))) return
    found.add(nameOf(path))
    for (const { path: next, kind, external } of outputs[path]!.imports) {
      if (kind === 'import-statement' && !external) visit(next)
    }
  }
  visit(Object.keys(outputs).find((path) => outputs[path]!.entryPoint === '<stdin>')!)
  return found
}
