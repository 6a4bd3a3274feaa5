// What an import weighs, minified and gzipped, per entry point.
import { fileURLToPath } from 'node:url'
import { bundleEntry } from '@gwh-test/support/bundle'

const ENTRIES = ['@gwh/core', '@gwh/core/verify', '@gwh/core/events', '@gwh/core/sign', '@gwh/core/explain']
const PEERS = ['standardwebhooks']
const resolveDir = fileURLToPath(new URL('..', import.meta.url))
const external = ['node:*', 'crypto', 'buffer']
console.log('entry                   gzip (web)  gzip (node)   + jose when a JWT comes')
for (const specifier of [...ENTRIES, ...PEERS]) {
  const web = await bundleEntry(specifier, { resolveDir, conditions: ['worker'], external })
  const node = await bundleEntry(specifier, { resolveDir, conditions: ['node'], external })
  const kilo = (bytes) => `${(bytes / 1024).toFixed(1)} KB`
  const columns = [
    kilo(web.bytes).padStart(9),
    kilo(node.bytes).padStart(12),
    kilo(node.laterBytes).padStart(16),
  ]
  console.log(specifier.padEnd(22), ...columns)
}
