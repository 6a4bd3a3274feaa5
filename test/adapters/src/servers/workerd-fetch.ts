import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { listening } from '../process.ts'

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('./workerd-worker.ts', import.meta.url))],
  bundle: true,
  write: false,
  logLevel: 'error',
  format: 'esm',
  target: 'es2024',
  conditions: ['workerd', 'worker'],
})
const worker = new Miniflare({
  modules: true,
  script: outputFiles[0]!.text,
  compatibilityDate: '2026-05-03',
  bindings: { SUBJECT: process.argv.at(-1) as string },
})
listening(Number((await worker.ready).port))
