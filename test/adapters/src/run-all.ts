// Examines every adapter on every runtime, several rows at a time, and prints a table and a sum. `--quick` examines the
// part that `npm test` runs; `--added` the rest and every sample app; neither examines all. Other words select rows:
// `bun` takes those with that word in the server or runtime.
import { APPS } from './apps.ts'
import { examine } from './examine.ts'
import { examineApp } from './examine-app.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { SERVERS } from './matrix.ts'
import { planFor, type Scope, stacksWithoutCorpus } from './plan.ts'
import type { RowResult } from './results.ts'

// A row mostly waits for timeouts and for answers that must not come.
const ROWS_AT_A_TIME = 4

const options = process.argv.slice(2)
const words = options.filter((option) => !option.startsWith('--')).map((word) => word.toLowerCase())
const scopes = (['quick', 'added'] as const).filter((scope) => options.includes(`--${scope}`))

const total = { passed: 0, failed: 0, exceptions: 0 }
const unused = EXCEPTIONS.filter(
  ({ where }) => !SERVERS.some((server) => server.on.some((on) => where(server, on))),
)
for (const { reason } of unused) fail(`an exception applies nowhere: ${reason}`)
for (const stack of stacksWithoutCorpus(SERVERS)) fail(`no row examines the whole corpus for ${stack}`)
print('server', 'runtime', 'passed', 'failed', 'exceptions')
const left = (scopes.length === 0 ? (['quick', 'added'] as const) : scopes).flatMap(rowsOf).values()
await Promise.all(Array.from({ length: ROWS_AT_A_TIME }, work))
print('sum', '', total.passed, total.failed, total.exceptions)
console.log(`adapters: ${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

/** The rows of a run that have all the given words in them. */
function rowsOf(scope: Scope) {
  const servers = SERVERS.flatMap((server) =>
    server.on.map((runtime) => ({
      name: server.name,
      runtime,
      examine: () => examine(server, runtime, planFor(scope, server, runtime)),
    })),
  )
  const apps = APPS.map((app) => ({
    name: `apps/${app.folder}`,
    runtime: app.on,
    examine: () => examineApp(app),
  }))
  return [...servers, ...(scope === 'added' ? apps : [])].filter(({ name, runtime }) =>
    words.every((word) => `${name} ${runtime}`.toLowerCase().includes(word)),
  )
}

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
