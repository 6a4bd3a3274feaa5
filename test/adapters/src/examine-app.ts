import { type AdapterContract, type AdapterException, adapterContract } from '@gwh/testing'
import { createSuite, type SuiteResult } from '@gwh-test/support/suite'
import type { App } from './apps.ts'
import { exceptionsFor } from './exceptions.ts'
import { AT_A_TIME, countExcepted, MUST_PASS, type RowResult } from './results.ts'
import { startApp } from './start-app.ts'

// The receivers of apps have the default limits.
const BODY_TIMEOUT_MS = 10_000

// These cases need the handlers of `contractHandlers`; an app has its own.
const OF_OUR_HANDLERS = [
  'a delivery whose handler throws is answered 500, and handled again when it is retried',
  'a delivery in flight is refused until its handler is done, then a duplicate',
]

/** Runs the contract on an app: first with a wrong secret, which must fail, then with its own. */
export async function examineApp(app: App): Promise<RowResult> {
  const { url, secret, stop } = await startApp(app)
  try {
    const canary = await run(app, { url, secret: `whsec_${'A'.repeat(44)}` }, (title) => title === MUST_PASS)
    if (canary.failures.length !== 1)
      return { passed: 0, failures: [{ title: 'canary', error: 'a wrong secret passed' }], exceptions: 0 }
    const exceptions = exceptionsOf(app)
    const examined = (title: string) => app.mode === 'queue' || !OF_OUR_HANDLERS.includes(title)
    const result = countExcepted(await run(app, { url, secret, exceptions }, examined), exceptions, examined)
    return { ...result, passed: result.passed + 1 }
  } finally {
    await stop()
  }
}

/** The exceptions of an app; its own take precedence over those of its server. */
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
