import { adapterContract } from '@gwh/testing'
import type { Runtime } from '@gwh-test/support/runtimes'
import { createSuite, type SuiteResult } from '@gwh-test/support/suite'
import { exceptionsFor } from './exceptions.ts'
import type { Server } from './matrix.ts'
import type { Plan } from './plan.ts'
import { AT_A_TIME, countExcepted, MUST_PASS, PATIENCE_MS, type RowResult } from './results.ts'
import { startServer } from './start-server.ts'

type Examined = (title: string) => boolean

/** Examines what the plan says of one adapter: the canary first, then both modes. */
export async function examine(server: Server, runtime: Runtime, plan: Plan): Promise<RowResult> {
  await server.prepare?.()
  const results = plan.canary ? [await examineCanary(server, runtime)] : []
  for (const mode of ['inline', 'queue'] as const)
    results.push(await examineMode(server, runtime, mode, plan[mode]))
  return {
    passed: sum(results.map(({ passed }) => passed)),
    failures: results.flatMap(({ failures }) => failures),
    exceptions: sum(results.map(({ exceptions }) => exceptions)),
  }
}

async function examineMode(
  server: Server,
  runtime: Runtime,
  mode: 'inline' | 'queue',
  examined: Examined,
): Promise<RowResult> {
  const exceptions = exceptionsFor(server, runtime)
  const result = countExcepted(await runContract(server, runtime, mode, examined), exceptions, examined)
  const failures = result.failures.map(({ title, error }) => ({ title: `${mode}: ${title}`, error }))
  return { ...result, failures }
}

/** Runs the same server with a receiver that accepts everything: the contract must notice that, and only that. */
async function examineCanary(server: Server, runtime: Runtime): Promise<RowResult> {
  const { keptBelow = [] } = server
  const mustFail = MUST_BE_SEEN.filter((title) => !keptBelow.includes(title))
  const examined = (title: string) => title === MUST_PASS || mustFail.includes(title)
  const { failures } = await runContract(server, runtime, 'canary', examined)
  const seen = new Set(failures.map(({ title }) => title))
  const missed = mustFail.filter((title) => !seen.has(title))
  if (seen.has(MUST_PASS)) missed.push(`${MUST_PASS} (must pass)`)
  if (missed.length === 0) return { passed: 1, failures: [], exceptions: 0 }
  return {
    passed: 0,
    failures: [{ title: 'canary', error: `not seen: ${missed.join('; ')}` }],
    exceptions: 0,
  }
}

const MUST_BE_SEEN = [
  'a delivery sent again is a duplicate',
  'a delivery signed with another secret is unauthorized',
  'a delivery with two webhook-id headers is refused',
  'GET is not allowed',
  'a chunked body one byte over the limit is refused',
  'a body that stops after its first byte times out',
  'a delivery whose handler throws is answered 500, and handled again when it is retried',
  'after a bad signature the connection accepts a good delivery or is closed',
  'raw: webhook-signature with a trailing comma – refused',
  'raw: webhook-signature in a trailer instead of a header – refused',
]

async function runContract(
  server: Server,
  runtime: Runtime,
  subject: 'inline' | 'queue' | 'canary',
  examined: Examined,
): Promise<SuiteResult> {
  const { test, run } = createSuite()
  let url = ''
  adapterContract((title, body) => examined(title) && test(title, body), {
    url: () => url,
    mode: subject === 'queue' ? 'queue' : 'inline',
    patienceMs: PATIENCE_MS,
    exceptions: subject === 'canary' ? [] : exceptionsFor(server, runtime),
  })
  const running = await startServer(server.file, runtime, subject)
  url = running.url
  try {
    return await run(AT_A_TIME)
  } finally {
    await running.stop()
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
