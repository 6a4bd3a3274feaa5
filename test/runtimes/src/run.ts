// Runs the suite on the runtime this file is started with: Node, Bun or Deno.

import { createSuite } from '@gwh-test/support/suite'
import { coreSuite } from './core-suite.ts'
import { storesSuite } from './stores-suite.ts'

const { test, run } = createSuite()
coreSuite(test)
storesSuite(test)
console.log(JSON.stringify(await run()))
