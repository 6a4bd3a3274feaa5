import { PermanentError } from '@gwh/core/errors'
import type { QueuedDelivery, QueueStats } from '@gwh/core/queue'
import { queuedDelivery } from '../fixtures/queued-delivery.ts'
import { assertEqual } from '../shared/assert.ts'
import { createLatch, type DefineRule, type QueueHarness } from './queue-harness.ts'

/** What `enqueue` promises: once per key, in any state, and the delivery unchanged. */
export function defineEnqueueRules(define: DefineRule): void {
  define('of 50 concurrent enqueues of one delivery, exactly one is not a duplicate', async ({ queue }) => {
    const message = queuedDelivery()
    const results = await Promise.all(Array.from({ length: 50 }, () => queue.enqueue(message)))
    assertEqual(results.filter((result) => result === 'enqueued').length, 1, 'enqueued')
    assertEqual((await queue.stats()).pending, 1, 'pending')
  })

  for (const [state, bring] of Object.entries(BRING_TO)) {
    define(`a delivery that is ${state} is a duplicate when it is enqueued again`, async (harness) => {
      const message = await harness.enqueue()
      const leave = await bring(harness)
      const before = await harness.queue.stats()
      assertEqual(before[state as keyof QueueStats], 1, `deliveries that are ${state}`)
      assertEqual(await harness.queue.enqueue(message), 'duplicate', 'enqueue of the same delivery')
      assertEqual(await harness.queue.stats(), before, 'states after it')
      leave?.()
    })
  }

  define('the first of two different bodies with one key is kept', async ({ queue, enqueue }) => {
    const first = await enqueue({ body: Uint8Array.of(1) })
    assertEqual(await queue.enqueue({ ...first, body: Uint8Array.of(2) }), 'duplicate', 'second enqueue')
    assertEqual(await drained({ queue }), [first], 'handled')
  })

  define('every field of a delivery reaches its handler unchanged', async ({ queue, enqueue }) => {
    const { keyId: _, ...withoutKeyId } = queuedDelivery({ scheme: 'dynamic', endpoint: 'späti', id: 'ünï' })
    const { keyId } = await enqueue({ keyId: 'whsec_...MnM=' })
    assertEqual(await queue.enqueue(withoutKeyId), 'enqueued', 'enqueue without keyId')
    const handled = await drained({ queue })
    assertEqual(handled.map((message) => message.keyId).sort(), [keyId, undefined], 'keyId')
    assertEqual(
      handled.find((message) => message.key === withoutKeyId.key),
      withoutKeyId,
      'the delivery without keyId',
    )
  })

  for (const bodyBound of [true, false]) {
    define(
      `a token that is ${bodyBound ? '' : 'not '}bound to the body is stored as such`,
      async ({ queue, enqueue }) => {
        await enqueue({ scheme: 'dynamic', jwt: { bodyBound } })
        assertEqual((await drained({ queue }))[0]?.jwt, { bodyBound }, 'jwt')
      },
    )
  }

  for (const [what, body] of Object.entries(bodies())) {
    define(`a body survives byte for byte: ${what}`, async ({ queue, enqueue }) => {
      await enqueue({ body })
      const [handled] = await drained({ queue })
      assertEqual(handled?.body, body, 'body')
    })
  }
}

/** Brings the only delivery into a state; the result lets a running handler end. */
const BRING_TO: Record<string, (harness: QueueHarness) => Promise<(() => void) | undefined>> = {
  pending: async () => undefined,
  async running({ work, clock }) {
    const latch = createLatch()
    work(() => latch.opened)
    await clock.advance(0)
    return latch.open
  },
  async retrying({ queue }) {
    await queue.drain(() => Promise.reject(new TypeError('not yet')))
    return undefined
  },
  async done({ queue }) {
    await queue.drain(async () => {})
    return undefined
  },
  async dead({ queue }) {
    await queue.drain(() => Promise.reject(new PermanentError('never')))
    return undefined
  },
}

async function drained({ queue }: Pick<QueueHarness, 'queue'>): Promise<QueuedDelivery[]> {
  const handled: QueuedDelivery[] = []
  await queue.drain(async (message) => {
    handled.push(message)
  })
  return handled
}

function bodies(): Record<string, Uint8Array> {
  const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
  return {
    'every byte value': everyByte,
    'an empty body': new Uint8Array(),
    'text that is not UTF-8, after a byte order mark': Uint8Array.of(0xef, 0xbb, 0xbf, 0xc3, 0x28, 0x00),
    'a view into a larger buffer': everyByte.subarray(7, 100),
    'a hundred kilobytes': Uint8Array.from({ length: 100_000 }, (_, index) => (index * index) % 251),
  }
}
