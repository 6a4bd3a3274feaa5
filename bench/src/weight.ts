// What an import weighs: minified and gzipped per entry point, and how long Node takes to load it cold.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bundleEntry } from '@gwh-test/support/bundle'
import { median } from './harness.ts'

const ENTRIES = ['@gwh/core', '@gwh/core/verify', '@gwh/core/events', '@gwh/core/sign', '@gwh/core/explain']
const PEERS = ['standardwebhooks']
const COLD_STARTS = 9

const resolveDir = fileURLToPath(new URL('..', import.meta.url))
const external = ['node:*', 'crypto', 'buffer']

/** Median milliseconds of `import()` in a fresh process. */
function coldImport(specifier: string): number {
  const script = `const t=performance.now();await import('${specifier}');process.stdout.write(String(performance.now()-t))`
  const times = Array.from({ length: COLD_STARTS }, () => {
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: resolveDir,
    })
    return Number(stdout)
  })
  return median(times)
}

console.log('entry                   gzip (web)  gzip (node)   + jose when a JWT comes   cold import')
for (const specifier of [...ENTRIES, ...PEERS]) {
  const web = await bundleEntry(specifier, { resolveDir, conditions: ['worker'], external })
  const node = await bundleEntry(specifier, { resolveDir, conditions: ['node'], external })
  const kilo = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`
  const columns = [
    kilo(web.bytes).padStart(9),
    kilo(node.bytes).padStart(12),
    kilo(node.laterBytes).padStart(16),
  ]
  console.log(specifier.padEnd(22), ...columns, `${coldImport(specifier).toFixed(1)} ms`.padStart(22))
}
