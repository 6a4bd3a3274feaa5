import { FIXTURE_EVENTS } from '../fixtures/fixture-events.ts'
import type { WireResponse } from '../http/wire-response.ts'
import { assertThat } from '../shared/assert.ts'
import {
  type AdapterHarness,
  accepted,
  type DefineAdapterRule,
  duplicate,
  refused,
} from './adapter-harness.ts'
import { CONTRACT_FIELD, CONTRACT_GATE_FIELD } from './contract-handlers.ts'

const HINT = 'are the handlers of contractHandlers() registered, and do all requests reach one process?'

/** How handlers affect answers when they run before the answer. */
export function defineInlineRules(define: DefineAdapterRule): void {
  define(
    'a delivery whose handler throws is answered 500, and handled again when it is retried',
    async (harness) => {
      const delivery = await asking(harness, 'throw')
      for (const _ of [1, 2]) {
        const answer = await harness.deliver(delivery)
        assertThat(answer.status !== 200, `the handler did not throw: ${HINT}`)
        refused(answer, 500, 'handler_failed')
      }
    },
  )

  define('a delivery in flight is refused until its handler is done, then a duplicate', async (harness) => {
    const latch = crypto.randomUUID()
    const delivery = await asking(harness, 'wait', latch)
    // Either may come first; the other is the one in flight.
    const both = [harness.deliver(delivery), harness.deliver(delivery)]
    const first = await Promise.race(both)
    accepted(await harness.deliver(await asking(harness, 'open', latch)))
    assertThat(first.status !== 200, `the handler did not wait: ${HINT}`)
    expectInFlight(first)
    const answers = await Promise.all(both)
    accepted(answers.find((answer) => answer.status === 200) ?? answers[0]!)
    duplicate(await harness.deliver(delivery))
  })

  define('of 20 concurrent copies of a delivery, one is accepted', async (harness) => {
    const delivery = await harness.sign()
    const answers = await Promise.all(Array.from({ length: 20 }, () => harness.deliver(delivery)))
    const isNew = ({ body }: WireResponse) => body === '{"status":"accepted"}'
    assertThat(answers.filter(isNew).length === 1, `accepted: ${answers.filter(isNew).length} of 20`)
    for (const answer of answers) if (!isNew(answer) && answer.status !== 200) expectInFlight(answer)
  })
}

/** Handlers that run from a queue do not affect answers. */
export function defineQueueRules(define: DefineAdapterRule): void {
  for (const what of ['throw', 'wait']) {
    define(`a delivery whose handler would ${what} is accepted, and then a duplicate`, async (harness) => {
      const delivery = await asking(harness, what)
      accepted(await harness.deliver(delivery))
      duplicate(await harness.deliver(delivery))
    })
  }
  define(
    'of 20 concurrent copies of a delivery, one is accepted and the others are duplicates',
    async (harness) => {
      const delivery = await harness.sign()
      const answers = await Promise.all(Array.from({ length: 20 }, () => harness.deliver(delivery)))
      const [first, ...others] = answers.sort((one, other) => (one.body < other.body ? -1 : 1))
      accepted(first!)
      for (const answer of others) duplicate(answer)
    },
  )
}

function expectInFlight(answer: WireResponse): void {
  refused(answer, 409, 'in_flight')
  const seconds = answer.headers.get('retry-after') ?? ''
  assertThat(/^[1-9]\d*$/.test(seconds), `retry-after of a delivery in flight is "${seconds}"`)
}

function asking(harness: AdapterHarness, what: string, latch = crypto.randomUUID() as string) {
  const metadata = { [CONTRACT_FIELD]: what, [CONTRACT_GATE_FIELD]: latch }
  return harness.sign({ event: { ...FIXTURE_EVENTS['batch.succeeded'], user_metadata: metadata } })
}
