// Counts what passed and failed in the parts of a test run, each of which reports in its own way.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Sums up parts of a test run. Every `run` resolves to an exit code. */
export function createTally() {
  const total = { passed: 0, failed: 0 }
  const add = (name, startedAt, { passed, failed }) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed, ${seconds} s`)
    total.passed += passed
    total.failed += failed
  }
  return {
    /** Runs a check that passes or fails, and counts it as one test. */
    async check(name, run) {
      const startedAt = performance.now()
      const code = await run()
      add(name, startedAt, code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })
    },
    /** Runs a suite that ends with the line `<name>: N passed, N failed`. */
    async suite(name, run) {
      const startedAt = performance.now()
      const lines = []
      const code = await run(name, { onOutput: (text) => lines.push(text) })
      add(name, startedAt, readSum(name, lines.join(''), code))
    },
    /** Runs vitest with the reporters given to `run`. */
    async vitest(name, run) {
      const startedAt = performance.now()
      const folder = mkdtempSync(join(tmpdir(), 'gwh-test-'))
      const report = join(folder, 'report.json')
      const code = await run(['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`])
      add(name, startedAt, readReport(report, code))
      rmSync(folder, { recursive: true, force: true })
    },
    sum: () => `${total.passed} passed, ${total.failed} failed`,
    failed: () => total.failed > 0,
  }
}

function readSum(name, output, code) {
  const match = new RegExp(`^${name}: (\\d+) passed, (\\d+) failed`, 'm').exec(output)
  const [passed, failed] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)]
  // Without a sum, or with an exit code that the sum does not explain, the suite did not finish.
  return { passed, failed: match && (code === 0 || failed > 0) ? failed : failed + 1 }
}

function readReport(path, code) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'))
    // A test that did not run has not passed.
    const failed = report.numFailedTests + report.numPendingTests + report.numTodoTests
    // A file that fails to load, or an error outside tests, fails the run without failing a test.
    return { passed: report.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed }
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`)
    return { passed: 0, failed: 1 }
  }
}
