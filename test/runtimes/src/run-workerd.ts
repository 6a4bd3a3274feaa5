// Bundles the worker for workerd's export conditions and runs it there.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('./worker.ts', import.meta.url))],
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2024',
  conditions: ['workerd', 'worker'],
})
const worker = new Miniflare({
  modules: true,
  script: outputFiles[0]!.text,
  compatibilityDate: '2026-05-03',
})
const response = await worker.dispatchFetch('http://localhost/')
console.log(await response.text())
await worker.dispose()
