// Runs the suite on every runtime, one after the other, and prints a table and a sum.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { RUNTIMES } from '@gwh-test/support/runtimes'
import type { SuiteResult } from '@gwh-test/support/suite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const suite = here('./run.ts')

const COMMANDS: Record<string, readonly string[]> = {
  ...Object.fromEntries(Object.entries(RUNTIMES).map(([name, command]) => [name, [...command, suite]])),
  workerd: [...RUNTIMES['Node 24'], here('./run-workerd.ts')],
}

let passed = 0
let failed = 0
for (const [name, command] of Object.entries(COMMANDS)) {
  const result = await runOn(command)
  passed += result.passed
  failed += result.failures.length
  console.log(
    `${result.failures.length === 0 ? '✓' : '✗'} ${name.padEnd(8)} ${result.passed} passed, ${result.failures.length} failed`,
  )
  for (const { title, error } of result.failures) console.log(`  ✗ ${title}\n    ${error}`)
}
console.log(`runtimes: ${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function runOn([command, ...args]: readonly string[]): Promise<SuiteResult> {
  try {
    const { stdout } = await promisify(execFile)(command!, args, {
      env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' },
    })
    return JSON.parse(stdout.trim().split('\n').at(-1)!)
  } catch (error) {
    return { passed: 0, failures: [{ title: 'the suite did not finish', error: String(error) }] }
  }
}
