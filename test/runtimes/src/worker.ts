// The suite as a Cloudflare Worker: no Node built-ins, no file system, no eval.

import { createSuite } from '@gwh-test/support/suite'
import { coreSuite } from './core-suite.ts'

export default {
  async fetch(): Promise<Response> {
    const { test, run } = createSuite()
    coreSuite(test)
    return Response.json(await run())
  },
}
