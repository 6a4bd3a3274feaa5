import { assertEqual, assertThat } from '../shared/assert.ts'
import { createLatch, type DefineRule } from './queue-harness.ts'

/** How `work`, `stop`, `drain` and `stats` behave while handlers succeed. */
export function defineWorkerRules(define: DefineRule): void {
  defineWork(define)
  defineSharing(define)
  defineStats(define)
  defineStop(define)
  defineDrain(define)
}

function defineWork(define: DefineRule): void {
  define('a worker handles what was enqueued before it started', async ({ enqueue, work, clock }) => {
    const { key } = await enqueue()
    const handled: string[] = []
    work(async (message) => void handled.push(message.key))
    await clock.advance(0)
    assertEqual(handled, [key], 'handled')
  })

  define('a worker handles what is enqueued while it runs', async ({ queue, enqueue, work, clock }) => {
    const handled: string[] = []
    work(async (message) => void handled.push(message.key), { pollMs: 1_000 })
    await clock.advance(5_000)
    const { key } = await enqueue()
    await clock.advance(1_000)
    assertEqual(handled, [key], 'handled')
    assertEqual((await queue.stats()).done, 1, 'done')
  })

  define('the oldest delivery is handled first', async ({ enqueue, work, clock }) => {
    const keys: string[] = []
    for (let index = 0; index < 5; index++)
      keys.push((await enqueue({ receivedAt: clock.now() + index })).key)
    const handled: string[] = []
    work(async (message) => void handled.push(message.key), { concurrency: 1 })
    await clock.advance(0)
    assertEqual(handled, keys, 'handled')
  })

  define('no more handlers run at a time than the concurrency allows', async ({ enqueue, work, clock }) => {
    for (let index = 0; index < 10; index++) await enqueue()
    let [running, most, finished] = [0, 0, 0]
    const handler = async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => clock.schedule(resolve, 100))
      running--
      finished++
    }
    work(handler, { concurrency: 3 })
    await clock.advance(1_000)
    assertEqual([most, finished], [3, 10], 'most at a time and finished')
  })
}

function defineSharing(define: DefineRule): void {
  define('two workers share the deliveries and handle each once', async ({ enqueue, work, clock }) => {
    const enqueued = await Promise.all(Array.from({ length: 40 }, () => enqueue()))
    const handled: string[] = []
    const handler = async (message: { key: string }) => void handled.push(message.key)
    work(handler, { concurrency: 3 })
    work(handler, { concurrency: 3 })
    await clock.advance(0)
    assertEqual(handled.sort(), enqueued.map((message) => message.key).sort(), 'handled')
  })

  define('a long handler keeps its lease by renewal', async ({ queue, enqueue, work, clock }) => {
    await enqueue()
    const latch = createLatch()
    let tries = 0
    const handler = () => {
      tries++
      return latch.opened
    }
    work(handler, { leaseMs: 3_000 })
    work(handler, { leaseMs: 3_000 })
    await clock.advance(60_000)
    latch.open()
    await clock.advance(0)
    assertEqual([tries, (await queue.stats()).done], [1, 1], 'tries and done')
  })
}

function defineStats(define: DefineRule): void {
  define('stats count each state', async ({ queue, enqueue, work, clock }) => {
    assertEqual(await queue.stats(), EMPTY, 'stats of an empty queue')
    for (const id of ['done', 'retrying']) await enqueue({ id, receivedAt: clock.now() - 3_000 })
    await queue.drain(({ id }) => (id === 'done' ? Promise.resolve() : Promise.reject(new TypeError(id))))
    await enqueue()
    await queue.drain(() => Promise.reject(new TypeError('dead')), { maxAttempts: 1 })
    const latch = createLatch()
    work(() => latch.opened, { concurrency: 1 })
    await enqueue()
    await clock.advance(0)
    await enqueue({ receivedAt: clock.now() - 5_000 })
    const expected = { pending: 1, running: 1, retrying: 1, dead: 1, done: 1, oldestPendingMs: 5_000 }
    assertEqual(await queue.stats(), expected, 'stats')
    latch.open()
  })
}

const EMPTY = { pending: 0, running: 0, retrying: 0, dead: 0, done: 0, oldestPendingMs: 0 }

function defineStop(define: DefineRule): void {
  define('stop waits for running handlers', async ({ queue, enqueue, work, clock }) => {
    await enqueue()
    const latch = createLatch()
    const worker = work(() => latch.opened)
    await clock.advance(0)
    let stopped = false
    const stopping = worker.stop().then(() => {
      stopped = true
    })
    await clock.advance(1_000)
    assertThat(!stopped, 'stop resolved although a handler was running')
    latch.open()
    await stopping
    assertEqual((await queue.stats()).done, 1, 'done')
  })

  define('a stopped worker takes no further delivery', async ({ queue, enqueue, work, clock }) => {
    let tries = 0
    const worker = work(async () => void tries++)
    await clock.advance(0)
    await worker.stop()
    await enqueue()
    await clock.advance(60_000)
    assertEqual([tries, (await queue.stats()).pending], [0, 1], 'tries and pending')
  })

  define('stop may be called twice', async ({ work, clock }) => {
    const worker = work(async () => {})
    await clock.advance(0)
    await Promise.all([worker.stop(), worker.stop()])
    await worker.stop()
  })

  define(
    'a handler still running when stop times out is aborted, and its delivery is retried',
    async (harness) => {
      await harness.enqueue()
      const never = new Promise<void>(() => {})
      let signal: AbortSignal | undefined
      const handler = (_: unknown, context: { signal: AbortSignal }) => {
        signal = context.signal
        return never
      }
      const worker = harness.work(handler, { stopTimeoutMs: 5_000 })
      await harness.clock.advance(0)
      const stopping = worker.stop()
      await harness.clock.advance(4_999)
      assertEqual(signal?.aborted, false, 'aborted before the time is up')
      await harness.clock.advance(1)
      await stopping
      assertEqual(signal?.aborted, true, 'aborted')
      await harness.clock.advance(60_000)
      assertEqual(await harness.queue.drain(async () => {}), { processed: 1 }, 'drain')
    },
  )
}

function defineDrain(define: DefineRule): void {
  define('drain handles what is due and returns', async ({ queue, enqueue }) => {
    for (let index = 0; index < 20; index++) await enqueue()
    let tries = 0
    assertEqual(await queue.drain(async () => void tries++), { processed: 20 }, 'drain')
    assertEqual([tries, (await queue.stats()).done], [20, 20], 'tries and done')
    assertEqual(await queue.drain(async () => void tries++), { processed: 0 }, 'drain of an empty queue')
  })

  define('drain rejects wrong options; it does not throw them', async ({ queue }) => {
    const draining: Promise<unknown> = queue.drain(async () => {}, { concurrency: 0 })
    const outcome = await draining.catch((error: { code?: unknown }) => error.code)
    assertEqual(outcome, 'option_invalid', 'code of the rejection')
  })

  define('drain leaves what is not due yet', async ({ queue, enqueue }) => {
    await enqueue()
    await queue.drain(() => Promise.reject(new TypeError('not yet')), { backoffMs: 60_000 })
    assertEqual(await queue.drain(async () => {}), { processed: 0 }, 'drain')
    assertEqual((await queue.stats()).retrying, 1, 'retrying')
  })

  define('drain starts no further delivery once its time is up', async ({ queue, enqueue, clock }) => {
    for (let index = 0; index < 5; index++) await enqueue()
    let tries = 0
    const handler = () => {
      tries++
      return new Promise<void>((resolve) => clock.schedule(resolve, 60))
    }
    const draining = queue.drain(handler, { concurrency: 1, maxMs: 100 })
    await clock.advance(1_000)
    await draining
    assertEqual(tries, 2, 'tries')
  })
}
