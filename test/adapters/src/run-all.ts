// Examines every adapter on every runtime and every sample app, three rows at a time, and prints a table and a sum. Words on the
// command line pick rows: `bun` takes those whose server or runtime has it in its name.
import { APPS } from './apps.ts'
import { examine } from './examine.ts'
import { examineApp } from './examine-app.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { SERVERS } from './matrix.ts'
import type { RowResult } from './results.ts'

// A row mostly waits for answers that must not come.
const ROWS_AT_A_TIME = 3

const words = process.argv.slice(2).map((word) => word.toLowerCase())
const rows = [
  ...SERVERS.flatMap((server) =>
    server.on.map((runtime) => ({ name: server.name, runtime, examine: () => examine(server, runtime) })),
  ),
  ...APPS.map((app) => ({ name: `apps/${app.folder}`, runtime: app.on, examine: () => examineApp(app) })),
].filter(({ name, runtime }) => words.every((word) => `${name} ${runtime}`.toLowerCase().includes(word)))
const total = { passed: 0, failed: 0, exceptions: 0 }

const unused = EXCEPTIONS.filter(
  ({ where }) => !SERVERS.some((server) => server.on.some((on) => where(server, on))),
)
for (const { reason } of unused) fail(`an exception applies nowhere: ${reason}`)
print('server', 'runtime', 'passed', 'failed', 'exceptions')
const left = rows.values()
await Promise.all(Array.from({ length: ROWS_AT_A_TIME }, work))
print('sum', '', total.passed, total.failed, total.exceptions)
console.log(`adapters: ${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

async function work(): Promise<void> {
  for (const { name, runtime, examine } of left) {
    const { passed, failures, exceptions } = await examineRow(examine)
    print(name, runtime, passed, failures.length, exceptions)
    for (const { title, error } of failures) fail(`${title}\n    ${error.split('\n')[0]}`)
    total.passed += passed
    total.exceptions += exceptions
  }
}

async function examineRow(examine: () => Promise<RowResult>): Promise<RowResult> {
  try {
    return await examine()
  } catch (error) {
    return {
      passed: 0,
      failures: [{ title: 'the server did not start', error: String(error) }],
      exceptions: 0,
    }
  }
}

function fail(text: string): void {
  total.failed++
  console.log(`  ✗ ${text}`)
}

function print(server: string, runtime: string, ...numbers: (string | number)[]): void {
  const cells = numbers.map((number) => String(number).padStart(10))
  console.log(server.padEnd(22), runtime.padEnd(8), ...cells)
}
