import { PermanentError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { assertEqual } from '../shared/assert.ts'
import type { DefineRule } from './queue-harness.ts'

/** What a durable queue still knows after its process has ended. */
export function defineRestartRules(define: DefineRule): void {
  define('what was enqueued is handled after a restart', async (harness) => {
    const messages = [await harness.enqueue(), await harness.enqueue({ body: Uint8Array.of(0, 255, 0) })]
    await harness.restart()
    const handled: QueuedDelivery[] = []
    await harness.queue.drain(async (message) => void handled.push(message), { concurrency: 1 })
    assertEqual(handled, messages, 'handled')
  })

  define('a duplicate of a done delivery is still a duplicate after a restart', async (harness) => {
    const message = await harness.enqueue()
    await harness.queue.drain(async () => {})
    await harness.restart()
    assertEqual(await harness.queue.enqueue(message), 'duplicate', 'enqueue')
    assertEqual(await harness.queue.drain(async () => {}), { processed: 0 }, 'drain')
  })

  define('attempts and due times survive a restart', async (harness) => {
    await harness.enqueue()
    await harness.queue.drain(() => Promise.reject(new TypeError('not yet')), { backoffMs: 60_000 })
    await harness.restart()
    const attempts: number[] = []
    const handler = async (_: unknown, { attempt }: { attempt: number }) => void attempts.push(attempt)
    await harness.queue.drain(handler)
    assertEqual(attempts, [], 'attempts before the backoff is over')
    await harness.clock.advance(60_000)
    await harness.queue.drain(handler)
    assertEqual(attempts, [2], 'attempts after it')
  })

  define('dead letters survive a restart', async (harness) => {
    await harness.enqueue()
    await harness.queue.drain(() => Promise.reject(new PermanentError('never')))
    const letters = await harness.queue.deadLetters.list()
    await harness.restart()
    assertEqual(await harness.queue.deadLetters.list(), letters, 'dead letters')
    assertEqual(letters.length, 1, 'number of dead letters')
  })
}
