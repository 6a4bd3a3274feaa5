// `npm test`: sets up, checks types and style, runs every test of every package on every runtime, and ends with
// one line that sums them up.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pnpm, setup } from './setup.mjs'
import { ensureSystem } from './system.mjs'

const total = { passed: 0, failed: 0 }

await setup()
ensureSystem()
await check('types', ['run', 'typecheck'])
await check('style', ['run', 'lint'])
await vitest('test:unit')
await suite('runtimes')
await suite('adapters')
await vitest('test:packaging')
console.log(`\n${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

/** A check that either holds or does not counts as one test. */
async function check(name, args) {
  const code = await pnpm(args, { quiet: true })
  console.log(`${code === 0 ? '✓' : '✗'} ${name}`)
  total[code === 0 ? 'passed' : 'failed']++
}

/** A suite under `test/` that prints its own table and sum. */
async function suite(name) {
  const lines = []
  const code = await pnpm(['--filter', `@gwh-test/${name}`, '--silent', 'run', 'start'], {
    onOutput: (text) => lines.push(text),
  })
  const sum = new RegExp(`^${name}: (\\d+) passed, (\\d+) failed`, 'm').exec(lines.join(''))
  const [, passed, failed] = sum ?? []
  total.passed += Number(passed ?? 0)
  total.failed += Number(failed ?? 0)
  // Without a sum it has not run to its end.
  if (!sum || (code !== 0 && !Number(failed))) total.failed++
}

/** One of the scripts that run vitest. */
async function vitest(script) {
  const folder = mkdtempSync(join(tmpdir(), 'gwh-test-'))
  const report = join(folder, 'report.json')
  const code = await pnpm([
    'run',
    script,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ])
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    total.passed += numPassedTests
    // A test that did not run has not passed.
    total.failed += numFailedTests + numPendingTests + numTodoTests
    // A file that fails to load, or an error outside tests, fails the run without failing a test.
    if (code !== 0 && numFailedTests === 0) total.failed++
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`)
    total.failed++
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
