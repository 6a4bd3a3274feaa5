import { PermanentError, WebhookUnavailableError } from '@gwh/core/errors'
import type { DeliveryState } from '@gwh/core/queue'
import { assertEqual, assertThat } from '../shared/assert.ts'
import { createLatch, type DefineRule, type QueueHarness } from './queue-harness.ts'

const LONG = 'x'.repeat(100_000)

/** Rules for the records of deliveries and their failures. */
export function defineRecordRules(define: DefineRule): void {
  defineFailures(define)
  defineRecordedErrors(define)
  defineList(define)
  defineGet(define)
  defineWrongArguments(define)
  define('a dead letter is redriven by its webhook-id as well', async ({ queue, enqueue }) => {
    const { id, key } = await enqueue()
    await queue.drain(() => Promise.reject(new PermanentError('never')))
    assertEqual(await queue.deadLetters.redrive('unknown'), 0, 'redriven by an unknown id')
    assertEqual(await queue.deadLetters.redrive(id), 1, 'redriven by webhook-id')
    assertEqual((await queue.stats()).pending, 1, 'pending')
    await queue.drain(async () => {})
    for (const target of [id, key, 'all'])
      assertEqual(await queue.deadLetters.redrive(target), 0, `redriven by ${target} when it is handled`)
  })
}

function defineFailures(define: DefineRule): void {
  define('a dead letter says how and when its last attempt failed', async ({ queue, enqueue, clock }) => {
    await enqueue()
    const error = new WebhookUnavailableError('overloaded', 'the database is busy')
    await queue.drain(() => Promise.reject(error), { maxAttempts: 1 })
    const [letter] = await queue.deadLetters.list()
    const expected = {
      name: 'WebhookUnavailableError',
      message: 'the database is busy',
      code: 'overloaded',
    }
    assertEqual(letter?.lastError, expected, 'last error')
    assertEqual(letter?.failedAt, clock.now(), 'time of the failure')
    assertEqual(letter?.event?.type, 'batch.succeeded', 'type of the event')
  })

  define('the history holds the last ten failed attempts', async ({ queue, enqueue, work, clock }) => {
    await enqueue()
    work((_, { attempt }) => Promise.reject(new TypeError(`attempt ${attempt}`)), {
      maxAttempts: 12,
      maxBackoffMs: 1_000,
    })
    await clock.advance(60_000)
    const [letter] = await queue.deadLetters.list()
    const history = letter?.history ?? []
    assertEqual(
      history.map(({ attempt }) => attempt),
      [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
      'attempts',
    )
    assertEqual(history[0]?.error, { name: 'TypeError', message: 'attempt 3' }, 'first error')
    assertEqual(history.at(-1)?.error, letter?.lastError, 'last error')
    const times = history.map(({ failedAt }) => failedAt)
    assertThat(
      times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0)),
      `the times are ${times.join(', ')}`,
    )
  })

  define('a retrying delivery says why, and when it is due', async ({ queue, enqueue, clock }) => {
    const { key } = await enqueue()
    await queue.drain(() => Promise.reject(new TypeError('not yet')), { backoffMs: 60_000 })
    const record = await queue.get(key)
    assertEqual([record?.state, record?.lastError?.message], ['retrying', 'not yet'], 'state and error')
    const waitMs = (record?.dueAt ?? Number.NaN) - clock.now()
    assertThat(waitMs > 0 && waitMs <= 60_000, `the wait is ${waitMs} ms`)
  })
}

function defineRecordedErrors(define: DefineRule): void {
  define('an error of any kind is recorded, and long texts are cut', async ({ queue, enqueue }) => {
    const thrown: unknown[] = [
      new Error(`${LONG}\ud83d`),
      LONG,
      undefined,
      null,
      { toString: 1 },
      Symbol('s'),
    ]
    for (const error of thrown) {
      const { key } = await enqueue()
      await queue.drain(() => Promise.reject(error), { maxAttempts: 1 })
      const record = await queue.get(key)
      assertEqual(record?.state, 'dead', 'state')
      assertThat(JSON.stringify(record?.history).length < 2_000, 'the recorded error is too long')
    }
  })

  define(
    'stacks are recorded only with recordStacks, and only of the last error',
    async ({ queue, enqueue, work, clock }) => {
      const [{ key }, other] = [await enqueue(), await enqueue()]
      await queue.drain(({ id }) => Promise.reject(new PermanentError(id)), { maxAttempts: 1 })
      assertEqual((await queue.get(key))?.lastError?.stack, undefined, 'stack without recordStacks')
      assertEqual(await queue.deadLetters.redrive(other.key), 1, 'redriven')
      work(() => Promise.reject(new TypeError('again')), { recordStacks: true, maxAttempts: 2 })
      await clock.advance(60_000)
      const record = await queue.get(other.key)
      assertThat(record?.lastError?.stack?.startsWith('TypeError: again') === true, 'there is no stack')
      assertEqual(record?.history.filter(({ error }) => error.stack !== undefined).length, 1, 'stacks')
    },
  )

  define(
    'a handler may throw anything: nothing at all, or what cannot be read, is recorded too',
    async ({ queue, enqueue }) => {
      const throwing = () => {
        throw new RangeError('a trap of the proxy')
      }
      for (const thrown of [undefined, new Proxy({}, { get: throwing, getPrototypeOf: throwing })]) {
        const { key } = await enqueue()
        await queue.drain(() => Promise.reject(thrown), { maxAttempts: 1 })
        const record = await queue.get(key)
        assertEqual([record?.state, record?.history.length], ['dead', 1], 'state and failed attempts')
        assertThat(record?.lastError?.message !== undefined, 'there is no last error')
      }
    },
  )
}

function defineList(define: DefineRule): void {
  define('deliveries are listed newest first, a page at a time', async ({ queue, enqueue }) => {
    const keys: string[] = []
    for (let index = 0; index < 5; index++) keys.unshift((await enqueue()).key)
    const listed: string[] = []
    for (let after: string | undefined; listed.length < 5; after = listed.at(-1)) {
      const page = await queue.list({ limit: 2, ...(after !== undefined && { after }) })
      assertThat(page.length > 0, `the list ends after ${listed.length} deliveries`)
      listed.push(...page.map(({ message }) => message.key))
    }
    assertEqual(listed, keys, 'listed')
    assertEqual(await queue.list({ after: keys[4] ?? '' }), [], 'after the last one')
  })

  define('a list with a state contains only deliveries in that state', async (harness) => {
    const expected = await bringToEachState(harness)
    for (const [state, key] of Object.entries(expected)) {
      const listed = await harness.queue.list({ state: state as DeliveryState })
      assertEqual(
        listed.map((record) => [record.message.key, record.state]),
        [[key, state]],
        state,
      )
    }
    assertEqual((await harness.queue.list()).length, 5, 'all')
  })
}

async function bringToEachState(harness: QueueHarness): Promise<Record<DeliveryState, string>> {
  const { queue, enqueue, work, clock } = harness
  const [done, retrying, dead] = [await enqueue(), await enqueue(), await enqueue()]
  await queue.drain(
    async ({ key }) => {
      if (key === dead.key) throw new PermanentError('never')
      if (key === retrying.key) throw new TypeError('not yet')
    },
    { backoffMs: 3_600_000, maxBackoffMs: 3_600_000 },
  )
  const running = await enqueue()
  work(() => createLatch().opened, { concurrency: 1, stopTimeoutMs: 0 })
  await clock.advance(0)
  const pending = await enqueue()
  return {
    done: done.key,
    retrying: retrying.key,
    dead: dead.key,
    running: running.key,
    pending: pending.key,
  }
}

function defineGet(define: DefineRule): void {
  define('a delivery is found by its key and by its webhook-id', async ({ queue, enqueue }) => {
    const message = await enqueue()
    await enqueue()
    for (const name of [message.key, message.id]) {
      const record = await queue.get(name)
      assertEqual(record?.message, message, `delivery found by ${name}`)
      assertEqual([record?.state, record?.attempts], ['pending', 0], 'state and attempts')
    }
    assertEqual(await queue.get('unknown'), undefined, 'an unknown delivery')
  })

  define('of several deliveries with one webhook-id the newest is found', async ({ queue, enqueue }) => {
    await enqueue({ key: 'older', id: 'shared' })
    await enqueue({ key: 'newer', id: 'shared' })
    assertEqual((await queue.get('shared'))?.message.key, 'newer', 'key')
  })

  define(
    'a handled delivery has a time and, without its body, no event',
    async ({ queue, enqueue, clock }) => {
      const { key } = await enqueue()
      await queue.drain(async () => {})
      const record = await queue.get(key)
      assertEqual([record?.state, record?.settledAt], ['done', clock.now()], 'state and time')
      assertEqual([record?.message.body.length, record?.event], [0, undefined], 'body and event')
    },
  )
}

function defineWrongArguments(define: DefineRule): void {
  const wrong: Record<string, (queue: QueueHarness['queue']) => Promise<unknown>> = {
    'list with an unknown state': (queue) => queue.list({ state: 'nonsense' as DeliveryState }),
    'list with a misspelt option': (queue) => queue.list({ lmit: 3 } as object),
    'list with a limit below zero': (queue) => queue.list({ limit: -1 }),
    'list after an unknown delivery': (queue) => queue.list({ after: 'unknown' }),
    'replay with a misspelt condition': (queue) => queue.replay({ id: 'msg_1' } as object),
    'replay with a list': (queue) => queue.replay(['msg_1'] as object),
    'replay with a time in words': (queue) =>
      queue.replay({ receivedFrom: '2026-01-01' as unknown as number }),
    'purge with a time in words': (queue) =>
      queue.deadLetters.purge({ olderThan: '2026-01-01' as unknown as number }),
    'purge without a time': (queue) => queue.deadLetters.purge({} as { olderThan: number }),
    'get without a name': (queue) => queue.get(undefined as unknown as string),
    'get with an empty name': (queue) => queue.get(''),
    'redrive without a name': (queue) => queue.deadLetters.redrive(undefined as unknown as string),
    'a list of dead letters with a limit below zero': (queue) => queue.deadLetters.list({ limit: -1 }),
    'a list of dead letters with a limit in words': (queue) =>
      queue.deadLetters.list({ limit: '3' as unknown as number }),
    'a list of dead letters with a misspelt option': (queue) => queue.deadLetters.list({ lmit: 3 } as object),
    'drain with a time limit below zero': (queue) => queue.drain(async () => {}, { maxMs: -1 }),
    'drain with a time limit in words': (queue) =>
      queue.drain(async () => {}, { maxMs: 'soon' as unknown as number }),
    'drain with a misspelt option': (queue) => queue.drain(async () => {}, { maxSeconds: 1 } as object),
  }
  for (const [what, call] of Object.entries(wrong)) {
    define(`${what} is option_invalid and changes nothing`, async ({ queue, enqueue }) => {
      await enqueue()
      await queue.drain(() => Promise.reject(new PermanentError('never')))
      const code = await call(queue).then(
        () => 'none',
        (error) => error.code,
      )
      assertEqual(code, 'option_invalid', 'code')
      assertEqual((await queue.stats()).dead, 1, 'dead letters')
    })
  }
}
