import type { SignedDelivery } from '../fixtures/signed-delivery.ts'
import { inChunks, type OutgoingRequest, renderHead, renderRequest, withHeader } from '../http/request.ts'
import type { Wire } from '../http/wire.ts'
import { assertEqual, assertThat } from '../shared/assert.ts'
import {
  type AdapterHarness,
  accepted,
  answered,
  type DefineAdapterRule,
  duplicate,
  refused,
  unauthorized,
} from './adapter-harness.ts'

/** What happens to a connection: it is reused or closed, and answers never get out of step. */
export function defineConnectionRules(define: DefineAdapterRule): void {
  defineReuse(define)
  definePipelining(define)
  defineHandshakes(define)
}

function defineReuse(define: DefineAdapterRule): void {
  define('a connection carries several deliveries in a row', async (harness) => {
    const wire = await harness.connect()
    for (const _ of [1, 2, 3]) {
      wire.write(renderRequest(harness.toRequest(await harness.sign())))
      accepted(answered(await wire.read(harness.patienceMs)))
    }
  })

  for (const [what, spoil] of Object.entries(SPOILT)) {
    define(`after ${what} the connection accepts a good delivery or is closed`, async (harness) => {
      const wire = await harness.connect()
      const request = spoil(harness.toRequest(await harness.sign()), harness)
      wire.write(renderRequest(request))
      const bodiless = request.method === 'HEAD'
      const answer = answered(await wire.read(harness.patienceMs, { bodiless }))
      assertThat(answer.status >= 400 && answer.status < 500, `the answer is ${answer.status}`)
      const next = await harness.sign()
      wire.write(renderRequest(harness.toRequest(next)))
      await acceptedOrClosed(harness, wire, next)
    })
  }
}

function definePipelining(define: DefineAdapterRule): void {
  define('pipelined deliveries are answered in their order', async (harness) => {
    const deliveries = await Promise.all([1, 2, 3].map(() => harness.sign()))
    const wire = await harness.connect()
    wire.write(deliveries.map((delivery) => renderRequest(harness.toRequest(delivery))).join(''))
    for (const _ of deliveries) accepted(answered(await wire.read(harness.patienceMs)))
    for (const delivery of deliveries) duplicate(await harness.deliver(delivery))
  })

  define(
    'a delivery pipelined behind a refused one is accepted, or its connection is closed',
    async (harness) => {
      const [first, last] = [await harness.sign(), await harness.sign()]
      const stale = await harness.sign({ timestamp: 1_700_000_000 })
      const wire = await harness.connect()
      wire.write([first, stale, last].map((delivery) => renderRequest(harness.toRequest(delivery))).join(''))
      accepted(answered(await wire.read(harness.patienceMs)))
      unauthorized(answered(await wire.read(harness.patienceMs)))
      await acceptedOrClosed(harness, wire, last)
    },
  )

  define('20 concurrent deliveries are all accepted', async (harness) => {
    const deliveries = await Promise.all(Array.from({ length: 20 }, () => harness.sign()))
    for (const answer of await Promise.all(deliveries.map(harness.deliver))) accepted(answer)
  })
}

function defineHandshakes(define: DefineAdapterRule): void {
  define('a sender that expects 100-continue gets it', async (harness) => {
    const request = withHeader(harness.toRequest(await harness.sign()), 'expect', '100-continue')
    const wire = await harness.connect()
    wire.write(renderHead(request))
    const interim = answered(await wire.read(harness.patienceMs, { interim: true }))
    assertEqual(interim.status, 100, 'status before the body')
    wire.write(request.body)
    accepted(answered(await wire.read(harness.patienceMs)))
  })

  define('a sender that expects 100-continue may be refused at once', async (harness) => {
    const request = withHeader(harness.toRequest(await harness.sign()), 'expect', '100-continue')
    const wire = await harness.connect()
    wire.write(renderHead(withHeader(request, 'webhook-id', 'a.b')))
    refused(answered(await wire.read(harness.patienceMs)), 400, 'id_malformed')
  })

  define('a connection is closed after the answer when the sender asks for it', async (harness) => {
    const wire = await harness.connect()
    wire.write(renderRequest(withHeader(harness.toRequest(await harness.sign()), 'connection', 'close')))
    accepted(answered(await wire.read(harness.patienceMs)))
    assertEqual(await wire.read(harness.patienceMs), 'closed', 'connection')
  })

  define('the receiver keeps serving when a sender disconnects in the middle', async (harness) => {
    const delivery = await harness.sign()
    const text = renderRequest(harness.toRequest(delivery))
    for (const part of [0.1, 0.5, 0.9, 0.99]) {
      const wire = await harness.connect()
      await wire.write(text.slice(0, text.length * part))
      wire.vanish()
    }
    accepted(await harness.deliver(delivery))
  })
}

/** Where the connection is closed, the delivery may have been accepted anyway: a retry shows it. */
async function acceptedOrClosed(
  harness: AdapterHarness,
  wire: Wire,
  delivery: SignedDelivery,
): Promise<void> {
  const event = await wire.read(harness.patienceMs)
  if (event === 'closed') assertEqual((await harness.deliver(delivery)).status, 200, 'status of the retry')
  else accepted(answered(event))
}

type Spoil = (request: OutgoingRequest, harness: AdapterHarness) => OutgoingRequest

const SPOILT: Record<string, Spoil> = {
  'a bad signature': (request) => withHeader(request, 'webhook-signature', `v1,${btoa('z'.repeat(32))}`),
  'a missing header': (request) => withHeader(request, 'webhook-id', undefined),
  'a stale delivery': (request) => withHeader(request, 'webhook-timestamp', '1700000000'),
  'an encoded body': (request) => withHeader(request, 'content-encoding', 'gzip'),
  'a refused body in chunks': (request) => inChunks(withHeader(request, 'webhook-id', 'a.b'), request.body),
  'another method': (request) => ({ ...request, method: 'PUT' }),
  'a HEAD request': (request) => ({
    ...withHeader(request, 'content-length', undefined),
    method: 'HEAD',
    body: '',
  }),
  'another path': (request) => ({ ...request, target: '/nobody/listens/here' }),
  'a body over the limit': (request, { maxBodyBytes }) => inChunks(request, 'x'.repeat(maxBodyBytes + 1)),
}
