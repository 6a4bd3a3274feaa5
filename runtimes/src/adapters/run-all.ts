// Examines every adapter on every runtime, three rows at a time, and prints a table and a sum. Words on the
// command line pick rows: `bun` takes those whose server or runtime has it in its name.
import type { Runtime } from '../runtimes.ts'
import { examine, type RowResult } from './examine.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { SERVERS, type Server } from './matrix.ts'

// A row mostly waits for answers that must not come.
const ROWS_AT_A_TIME = 3

const words = process.argv.slice(2).map((word) => word.toLowerCase())
const rows = SERVERS.flatMap((server) => server.on.map((runtime) => [server, runtime] as const)).filter(
  ([{ name }, runtime]) => words.every((word) => `${name} ${runtime}`.toLowerCase().includes(word)),
)
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
  for (const [server, runtime] of left) {
    const { passed, failures, exceptions } = await examineRow(server, runtime)
    print(server.name, runtime, passed, failures.length, exceptions)
    for (const { title, error } of failures) fail(`${title}\n    ${error.split('\n')[0]}`)
    total.passed += passed
    total.exceptions += exceptions
  }
}

async function examineRow(server: Server, runtime: Runtime): Promise<RowResult> {
  try {
    return await examine(server, runtime)
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
