import type { SettledDelivery } from '@gwh/core/queue'
import { assertEqual, assertThat } from '../shared/assert.ts'
import type { DefineRule } from './queue-harness.ts'

/** How deliveries are retried when handlers fail. */
export function defineRetryRules(define: DefineRule): void {
  defineBackoff(define)
  defineFailures(define)
}

function defineBackoff(define: DefineRule): void {
  define(
    'a handler that throws is retried after its backoff, not before',
    async ({ enqueue, work, clock }) => {
      await enqueue()
      const settled: SettledDelivery[] = []
      const attempts: number[] = []
      const handler = async (_: unknown, { attempt }: { attempt: number }) => {
        attempts.push(attempt)
        if (attempt === 1) throw new TypeError('not yet')
      }
      work(handler, { backoffMs: 60_000, onSettled: (outcome) => settled.push(outcome) })
      await clock.advance(0)
      const [first] = settled
      assertThat(first?.outcome === 'retry', `the first try ended as ${first?.outcome}`)
      const waitMs = first.dueAt - clock.now()
      assertThat(waitMs > 0 && waitMs <= 60_000, `the wait is ${waitMs} ms`)
      await clock.advance(waitMs - 1)
      assertEqual(attempts, [1], 'attempts before the backoff is over')
      await clock.advance(1)
      assertEqual(attempts, [1, 2], 'attempts after it')
      assertEqual(settled[1]?.outcome, 'done', 'outcome of the second try')
    },
  )

  define('a delivery is retried until a handler succeeds', async ({ queue, enqueue, work, clock }) => {
    await enqueue()
    const attempts: number[] = []
    const handler = async (_: unknown, { attempt }: { attempt: number }) => {
      attempts.push(attempt)
      if (attempt < 5) throw new TypeError('not yet')
    }
    work(handler, { pollMs: 600_000 })
    await clock.advance(3_600_000)
    assertEqual(attempts, [1, 2, 3, 4, 5], 'attempts')
    assertEqual((await queue.stats()).done, 1, 'done')
  })

  define('no wait is longer than the longest backoff', async ({ enqueue, work, clock }) => {
    await enqueue()
    const waits: number[] = []
    work(() => Promise.reject(new TypeError('not yet')), {
      backoffMs: 1_000,
      maxBackoffMs: 4_000,
      onSettled: (outcome) => {
        if (outcome.outcome === 'retry') waits.push(outcome.dueAt - clock.now())
      },
    })
    await clock.advance(60_000)
    assertEqual(waits.length, 11, 'retries')
    assertThat(Math.max(...waits) <= 4_000, `the waits are ${waits.join(', ')} ms`)
  })
}

function defineFailures(define: DefineRule): void {
  define('one failing delivery does not hold up the others', async ({ queue, enqueue, work, clock }) => {
    const { key } = await enqueue()
    for (let index = 0; index < 9; index++) await enqueue()
    const handler = (message: { key: string }) =>
      message.key === key ? Promise.reject(new TypeError('not yet')) : Promise.resolve()
    work(handler, { concurrency: 1, backoffMs: 60_000 })
    await clock.advance(0)
    const { done, retrying } = await queue.stats()
    assertEqual([done, retrying], [9, 1], 'done and retrying')
  })

  define(
    'a handler that exceeds its timeout is aborted, and its delivery is retried',
    async ({ enqueue, work, clock }) => {
      await enqueue()
      const signals: AbortSignal[] = []
      const settled: string[] = []
      const handler = (_: unknown, { attempt, signal }: { attempt: number; signal: AbortSignal }) => {
        signals.push(signal)
        return attempt === 1 ? new Promise<void>(() => {}) : Promise.resolve()
      }
      work(handler, { handlerTimeoutMs: 5_000, onSettled: ({ outcome }) => settled.push(outcome) })
      await clock.advance(4_999)
      assertEqual(signals[0]?.aborted, false, 'aborted before its time is up')
      await clock.advance(10_000)
      assertEqual(
        signals.map((signal) => signal.aborted),
        [true, false],
        'aborted',
      )
      assertEqual(settled, ['retry', 'done'], 'outcomes')
    },
  )
}
