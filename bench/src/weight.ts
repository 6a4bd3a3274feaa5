// What an import weighs: minified and gzipped per entry point, and how long Node takes to load it cold.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { median } from './harness.ts'

const ENTRIES = ['@gwh/core', '@gwh/core/verify', '@gwh/core/events', '@gwh/core/sign', '@gwh/core/explain']
const PEERS = ['standardwebhooks']
const COLD_STARTS = 9

/** Gzipped bytes of what is loaded at once, and of what is loaded only with the first JSON Web Token. */
async function weigh(specifier: string, conditions: string[]): Promise<{ eager: number; lazy: number }> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from '${specifier}'`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    target: 'es2024',
    outdir: 'out',
    conditions,
    external: ['node:*', 'crypto', 'buffer'],
    write: false,
    logLevel: 'error',
  })
  const eager = reachable(outputFiles.map(({ path, text }) => ({ name: path.split('/').at(-1)!, text })))
  const sizes = outputFiles.map(({ path, contents }) => ({
    isEager: eager.has(path.split('/').at(-1)!),
    bytes: gzipSync(contents).length,
  }))
  const sum = (isEager: boolean) =>
    sizes.filter((size) => size.isEager === isEager).reduce((total, { bytes }) => total + bytes, 0)
  return { eager: sum(true), lazy: sum(false) }
}

/** The chunks the entry imports statically, directly or not. */
function reachable(files: { name: string; text: string }[]): Set<string> {
  const found = new Set<string>()
  const visit = (name: string) => {
    const file = files.find((one) => one.name === name)
    if (!file || found.has(name)) return
    found.add(name)
    for (const [, next] of file.text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) visit(next!)
  }
  visit('stdin.js')
  return found
}

/** Median milliseconds of `import()` in a fresh process. */
function coldImport(specifier: string): number {
  const script = `const t=performance.now();await import('${specifier}');process.stdout.write(String(performance.now()-t))`
  const times = Array.from({ length: COLD_STARTS }, () => {
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    })
    return Number(stdout)
  })
  return median(times)
}

console.log('entry                   gzip (web)  gzip (node)   + jose when a JWT comes   cold import')
for (const specifier of [...ENTRIES, ...PEERS]) {
  const web = await weigh(specifier, ['worker'])
  const node = await weigh(specifier, ['node'])
  const kilo = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`
  const columns = [kilo(web.eager).padStart(9), kilo(node.eager).padStart(12), kilo(node.lazy).padStart(16)]
  console.log(specifier.padEnd(22), ...columns, `${coldImport(specifier).toFixed(1)} ms`.padStart(22))
}
