// Bundles the suite as a Worker for workerd's export conditions and runs it there, then the tests across requests.
import { fileURLToPath } from 'node:url'
import { createSuite, type SuiteResult } from '@gwh-test/support/suite'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { requestsSuite } from './requests-suite.ts'

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker'],
  })
  return outputFiles[0]!.text
}

const worker = new Miniflare({
  modules: true,
  script: await bundle('./worker.ts'),
  compatibilityDate: '2026-05-03',
})
const response = await worker.dispatchFetch('http://localhost/')
const inside = (await response.json()) as SuiteResult
await worker.dispose()

const { test, run } = createSuite()
requestsSuite(test, await bundle('./worker-requests.ts'))
const across = await run()

console.log(
  JSON.stringify({
    passed: inside.passed + across.passed,
    failures: [...inside.failures, ...across.failures],
  }),
)
