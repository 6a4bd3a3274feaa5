import { adapterContract } from '@gwh/testing'
import type { Runtime } from '@gwh-test/support/runtimes'
import { createSuite, type SuiteResult } from '@gwh-test/support/suite'
import { exceptionsFor } from './exceptions.ts'
import type { Server } from './matrix.ts'
import { countExcepted, MUST_PASS, type RowResult } from './results.ts'
import { startServer } from './start-server.ts'

const AT_A_TIME = 16

/** The canary first, then the contract in both modes. */
export async function examine(server: Server, runtime: Runtime): Promise<RowResult> {
  await server.prepare?.()
  const results = [await examineCanary(server, runtime)]
  for (const mode of ['inline', 'queue'] as const) results.push(await examineMode(server, runtime, mode))
  return {
    passed: sum(results.map(({ passed }) => passed)),
    failures: results.flatMap(({ failures }) => failures),
    exceptions: sum(results.map(({ exceptions }) => exceptions)),
  }
}

async function examineMode(server: Server, runtime: Runtime, mode: 'inline' | 'queue'): Promise<RowResult> {
  const exceptions = exceptionsFor(server, runtime)
  const result = countExcepted(await runContract(server, runtime, mode, exceptions), exceptions)
  const failures = result.failures.map(({ title, error }) => ({ title: `${mode}: ${title}`, error }))
  return { ...result, failures }
}

/** The same server with a receiver that says yes to everything: the contract has to see it, and only that. */
async function examineCanary(server: Server, runtime: Runtime): Promise<RowResult> {
  const { failures } = await runContract(server, runtime, 'canary', [])
  const seen = new Set(failures.map(({ title }) => title))
  const { keptBelow = [] } = server
  const missed = MUST_BE_SEEN.filter((title) => !seen.has(title) && !keptBelow.includes(title))
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
  'a body in chunks, one byte over the limit, is refused',
  'a body that stops after its first byte is given up on',
  'a delivery whose handler threw is asked for again, and handled again',
  'after a bad signature the connection takes a good delivery, or is closed',
  'raw: webhook-signature with a comma at its end – refused',
  'raw: webhook-signature in a trailer instead of a header – refused',
]

async function runContract(
  { file }: Server,
  runtime: Runtime,
  subject: 'inline' | 'queue' | 'canary',
  exceptions: ReturnType<typeof exceptionsFor>,
): Promise<SuiteResult> {
  const { url, stop } = await startServer(file, runtime, subject)
  try {
    const { test, run } = createSuite()
    adapterContract(test, { url, mode: subject === 'queue' ? 'queue' : 'inline', exceptions })
    return await run(AT_A_TIME)
  } finally {
    await stop()
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
