import { type AdapterContract, type AdapterException, adapterContract } from '@gwh/testing'
import { createSuite, type SuiteResult } from '@gwh-test/support/suite'
import type { App } from './apps.ts'
import { exceptionsFor } from './exceptions.ts'
import { countExcepted, MUST_PASS, type RowResult } from './results.ts'
import { startApp } from './start-app.ts'

const AT_A_TIME = 16
// The receivers of apps have the limits users get.
const BODY_TIMEOUT_MS = 10_000

// Sentences about handlers the contract brings along. An app has its own.
const OF_OUR_HANDLERS = [
  'a delivery whose handler threw is asked for again, and handled again',
  'a delivery in flight is turned away until its handler is done, then a duplicate',
]

/** The contract on an app: first with a secret it does not have, which must fail, then with its own. */
export async function examineApp(app: App): Promise<RowResult> {
  const { url, secret, stop } = await startApp(app)
  try {
    const canary = await run(app, { url, secret: `whsec_${'A'.repeat(44)}` }, (title) => title === MUST_PASS)
    if (canary.failures.length !== 1)
      return { passed: 0, failures: [{ title: 'canary', error: 'a wrong secret passed' }], exceptions: 0 }
    const exceptions = exceptionsOf(app)
    const examined = (title: string) => app.mode === 'queue' || !OF_OUR_HANDLERS.includes(title)
    const result = countExcepted(await run(app, { url, secret, exceptions }, examined), exceptions)
    return { ...result, passed: result.passed + 1 }
  } finally {
    await stop()
  }
}

/** What the app does otherwise goes before what its server does. */
function exceptionsOf({ server, on, exceptions: own = [] }: App): AdapterException[] {
  const said = new Set(own.flatMap(({ cases }) => cases))
  const inherited = exceptionsFor(server, on).map((exception) => ({
    ...exception,
    cases: exception.cases.filter((title) => !said.has(title)),
  }))
  return [...own, ...inherited.filter(({ cases }) => cases.length > 0)]
}

async function run(
  { mode }: App,
  contract: AdapterContract,
  examined: (title: string) => boolean,
): Promise<SuiteResult> {
  const { test, run } = createSuite()
  const define: typeof test = (title, body) => {
    if (examined(title)) test(title, body)
  }
  adapterContract(define, { mode, dynamic: false, bodyTimeoutMs: BODY_TIMEOUT_MS, ...contract })
  return await run(AT_A_TIME)
}
