import { PermanentError, WebhookPayloadError } from '@gwh/core/errors'
import { assertEqual } from '../shared/assert.ts'
import type { DefineRule, QueueHarness } from './queue-harness.ts'

const DAY_MS = 24 * 3_600_000

/** When deliveries become dead letters, and what an operator can do then. */
export function defineDeadLetterRules(define: DefineRule): void {
  defineDeath(define)
  defineOperations(define)
}

function defineDeath(define: DefineRule): void {
  define('a PermanentError makes a dead letter at once', async ({ queue, enqueue, clock }) => {
    const message = await enqueue()
    await queue.drain(() => Promise.reject(new PermanentError('no such customer')))
    const [letter] = await queue.deadLetters.list()
    assertEqual(letter?.message, message, 'message')
    const { reason, attempts, deadAt } = letter ?? {}
    assertEqual([reason, attempts, deadAt], ['handler_rejected', 1, clock.now()], 'reason, attempts and time')
  })

  define('a payload that cannot be read makes a dead letter at once', async ({ queue, enqueue }) => {
    await enqueue()
    await queue.drain(() => Promise.reject(new WebhookPayloadError('payload_invalid', 'not JSON')))
    const [letter] = await queue.deadLetters.list()
    assertEqual([letter?.reason, letter?.attempts], ['payload_invalid', 1], 'reason and attempts')
  })

  define('after maxAttempts a delivery is dead and is never retried', async (harness) => {
    const { queue, enqueue, work, clock } = harness
    const message = await enqueue()
    let tries = 0
    const handler = () => {
      tries++
      return Promise.reject(new TypeError('broken'))
    }
    work(handler, { maxAttempts: 3, pollMs: DAY_MS })
    await clock.advance(60_000)
    const before = await queue.deadLetters.list()
    await clock.advance(2 * DAY_MS)
    assertEqual(tries, 3, 'tries')
    assertEqual(await queue.deadLetters.list(), before, 'dead letters')
    const [letter] = before
    assertEqual(
      [letter?.message.key, letter?.reason, letter?.attempts],
      [message.key, 'attempts', 3],
      'letter',
    )
  })
}

function defineOperations(define: DefineRule): void {
  define('dead letters are listed newest first, up to the limit', async (harness) => {
    const keys = await killInTurn(harness, 4)
    const listed = await harness.queue.deadLetters.list({ limit: 3 })
    assertEqual(
      listed.map((letter) => letter.message.key),
      keys.reverse().slice(0, 3),
      'listed',
    )
  })

  define('a redriven dead letter has a new attempt budget', async ({ queue, enqueue, work, clock }) => {
    const { key } = await enqueue()
    const attempts: number[] = []
    work(
      async (_, { attempt }) => {
        attempts.push(attempt)
        if (attempts.length < 4) throw new TypeError('broken')
      },
      { maxAttempts: 2 },
    )
    await clock.advance(60_000)
    assertEqual(await queue.deadLetters.redrive(key), 1, 'redriven')
    await clock.advance(60_000)
    assertEqual(attempts, [1, 2, 1, 2], 'attempts')
    assertEqual((await queue.stats()).done, 1, 'done')
  })

  define('a redrive affects only the dead letter it names', async (harness) => {
    const [key = ''] = await killInTurn(harness, 3)
    assertEqual(await harness.queue.deadLetters.redrive('default:unknown'), 0, 'redriven by an unknown key')
    assertEqual(await harness.queue.deadLetters.redrive(key), 1, 'redriven by key')
    assertEqual(await harness.queue.deadLetters.redrive(key), 0, 'redriven by the same key again')
    const { pending, dead } = await harness.queue.stats()
    assertEqual([pending, dead], [1, 2], 'pending and dead')
  })

  define('all dead letters can be redriven together', async (harness) => {
    await killInTurn(harness, 3)
    assertEqual(await harness.queue.deadLetters.redrive('all'), 3, 'redriven')
    assertEqual(await harness.queue.drain(async () => {}), { processed: 3 }, 'drain')
    assertEqual(await harness.queue.deadLetters.list(), [], 'dead letters')
  })

  define('a purge deletes only dead letters from before its time', async (harness) => {
    const keys = await killInTurn(harness, 3)
    const letters = await harness.queue.deadLetters.list()
    assertEqual(letters.length, 3, 'dead letters')
    const olderThan = letters[0]!.deadAt
    assertEqual(await harness.queue.deadLetters.purge({ olderThan }), 2, 'purged')
    const left = await harness.queue.deadLetters.list()
    assertEqual(
      left.map((letter) => letter.message.key),
      keys.slice(2),
      'left',
    )
  })
}

/** Makes dead letters, one per second, and returns their keys, oldest first. */
async function killInTurn({ queue, enqueue, clock }: QueueHarness, count: number): Promise<string[]> {
  const keys: string[] = []
  for (let index = 0; index < count; index++) {
    keys.push((await enqueue()).key)
    await queue.drain(() => Promise.reject(new PermanentError('never')))
    await clock.advance(1_000)
  }
  return keys
}
