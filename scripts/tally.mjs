// Counts what passed and failed in the parts of a test run, each of which reports in its own way.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { interruption } from './run.mjs'

/** Sums up parts of a test run. Every `run` resolves to an exit code. */
export function createTally() {
  const total = { passed: 0, failed: 0 }
  const failures = []
  const add = (name, startedAt, { passed, failed, causes = [] }) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed, ${seconds} s`)
    total.passed += passed
    total.failed += failed
    if (failed > 0) failures.push(`✗ ${name}: ${failed} failed`, ...causes.map((cause) => `  ${cause}`))
    // Ctrl-C ends the run, and not only the part that was running.
    if (interruption() !== undefined) process.exit(130)
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
      const code = await run([
        // In a log, a dot for each test hides what matters.
        `--reporter=${process.stdout.isTTY ? 'dot' : 'minimal'}`,
        '--silent=passed-only',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ])
      add(name, startedAt, readReport(report, code))
      rmSync(folder, { recursive: true, force: true })
    },
    /** What failed, a line each. A log is often read from its end. */
    failures: () => failures.join('\n'),
    sum: () => `${total.passed} passed, ${total.failed} failed`,
    failed: () => total.failed > 0,
  }
}

function readSum(name, output, code) {
  const match = new RegExp(`^${name}: (\\d+) passed, (\\d+) failed`, 'm').exec(output)
  const [passed, failed] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)]
  const causes = output.split('\n').filter((line) => line.trimStart().startsWith('✗'))
  // Without a sum, or with an exit code that the sum does not explain, the suite did not finish.
  return { passed, failed: match && (code === 0 || failed > 0) ? failed : failed + 1, causes }
}

function readReport(path, code) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'))
    // A test that did not run has not passed.
    const failed = report.numFailedTests + report.numPendingTests + report.numTodoTests
    const causes = report.testResults.flatMap(causesIn)
    // A file that fails to load, or an error outside tests, fails the run without failing a test.
    if (code !== 0 && failed === 0) return { passed: report.numPassedTests, failed: 1, causes }
    return { passed: report.numPassedTests, failed, causes }
  } catch (error) {
    console.error(`vitest left no report: ${error.message}`)
    return { passed: 0, failed: 1 }
  }
}

/** The tests of a file that did not pass, each with what it says. */
function causesIn({ name, message, assertionResults }) {
  const file = relative(process.cwd(), name)
  const failed = assertionResults.filter(({ status }) => status === 'failed')
  const notRun = assertionResults.filter(({ status }) => status !== 'failed' && status !== 'passed')
  const causes = failed.map((test) => `${file} > ${test.fullName}: ${shorten(test.failureMessages[0])}`)
  if (notRun.length > 0) causes.push(`${file}: ${notRun.length} did not run. ${shorten(message)}`)
  else if (message && failed.length === 0) causes.push(`${file}: ${shorten(message)}`)
  return causes
}

/** The first lines of a message, without its stack. */
function shorten(message = '') {
  const lines = stripVTControlCharacters(message).split('\n')
  return lines
    .filter((line) => !/^\s+at /.test(line))
    .slice(0, 6)
    .join('\n    ')
}
