// Random histories on a real Redis and on a model, compared after every step. BullMQ's time is that of the machine and
// of Redis, so a step ends when nothing is left to do, and nothing that only time shows is here: leases, lost locks,
// renewals and due times (leases.test.ts, contract.test.ts), several processes at once (processes.test.ts).
import { PermanentError } from '@gwh/core/errors'
import type { DeadReason, DeliveryQueue, ProcessDelivery } from '@gwh/core/queue'
import { queuedDelivery } from '@gwh/testing'
import type { RedisServer } from '@gwh/testing/redis'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBullmqQueue } from '../src/index.ts'
import { until } from './until.ts'
import { useRedis } from './use-redis.ts'

const RUNS = 150
const STEPS = 30
const LONGEST_MS = 25_000
const KEYS = ['a', 'b', 'c', 'd']
const MAX_ATTEMPTS = 3
const HOUR_MS = 3_600_000

type Outcome = 'done' | 'failed' | 'rejected'

/** The outcome of each key's tries, by attempt. */
type Plan = Record<string, Outcome[]>

type Step =
  | { do: 'enqueue'; key: string }
  /** One try for whatever waits; what fails is not due again within the history. */
  | { do: 'drain'; plan: Plan }
  /** Tries until all are settled, by a worker. */
  | { do: 'work'; plan: Plan }
  | { do: 'redrive'; key: string }
  | { do: 'purge'; olderThan: 'now' | 'long ago' }
  | { do: 'reopen' }

interface ModelRow {
  state: 'pending' | 'retrying' | 'done' | 'dead'
  attempts: number
  reason?: DeadReason
}

interface Harness {
  queue: DeliveryQueue
  open: () => DeliveryQueue
  rows: Map<string, ModelRow>
  where: string
}

const outcome = fc.constantFrom<Outcome>('done', 'failed', 'failed', 'rejected')
const outcomes = fc.array(outcome, { minLength: MAX_ATTEMPTS, maxLength: MAX_ATTEMPTS })
const plan: fc.Arbitrary<Plan> = fc.record({ a: outcomes, b: outcomes, c: outcomes, d: outcomes })
const enqueue = fc.record({ do: fc.constant('enqueue' as const), key: fc.constantFrom(...KEYS) })
const step: fc.Arbitrary<Step> = fc.oneof(
  enqueue,
  enqueue,
  fc.record({ do: fc.constant('drain' as const), plan }),
  fc.record({ do: fc.constant('work' as const), plan }),
  fc.record({ do: fc.constant('redrive' as const), key: fc.constantFrom('all', ...KEYS) }),
  fc.record({
    do: fc.constant('purge' as const),
    olderThan: fc.constantFrom('now' as const, 'long ago' as const),
  }),
  fc.constant<Step>({ do: 'reopen' }),
)

test('after any sequence of operations, the queue is in the state of its model', {
  timeout: 60_000,
}, async () => {
  const server = await useRedis()
  const histories = fc.array(step, { maxLength: STEPS, size: 'max' })
  const property = fc.asyncProperty(histories, (history) => play(server, history))
  await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: LONGEST_MS })
})

let histories = 0

async function play({ url }: RedisServer, history: readonly Step[]): Promise<void> {
  const prefix = `history-${histories++}`
  const open = () => createBullmqQueue({ connection: url, prefix })
  const harness: Harness = { queue: open(), open, rows: new Map(), where: '' }
  try {
    for (const [index, step] of history.entries()) {
      harness.where = `step ${index} of ${JSON.stringify(history.slice(0, index + 1))}`
      await take(harness, step)
      await compare(harness)
    }
  } finally {
    await harness.queue.close()
  }
}

async function take(harness: Harness, step: Step): Promise<void> {
  if (step.do === 'enqueue') await enqueueBoth(harness, step.key)
  else if (step.do === 'drain' || step.do === 'work') await tryBoth(harness, step)
  else if (step.do === 'redrive') await redriveBoth(harness, step.key)
  else if (step.do === 'purge') await purgeBoth(harness, step.olderThan)
  else {
    await harness.queue.close()
    harness.queue = harness.open()
  }
}

async function enqueueBoth({ queue, rows, where }: Harness, key: string): Promise<void> {
  const answer = await queue.enqueue(queuedDelivery({ key, id: key }))
  expect(answer, where).toBe(rows.has(key) ? 'duplicate' : 'enqueued')
  if (!rows.has(key)) rows.set(key, { state: 'pending', attempts: 0 })
}

async function tryBoth(harness: Harness, step: Step & { do: 'drain' | 'work' }): Promise<void> {
  const { queue, rows, where } = harness
  const tries: string[] = []
  const expected: string[] = []
  const handler: ProcessDelivery = async ({ key }, { attempt }) => {
    tries.push(`${key} ${attempt}`)
    const outcome = step.plan[key]![attempt - 1]
    if (outcome === 'rejected') throw new PermanentError('never')
    if (outcome === 'failed') throw new TypeError('not yet')
  }
  for (const [key, row] of rows) {
    while (
      row.state === 'pending' ||
      (row.state === 'retrying' && expected.includes(`${key} ${row.attempts}`))
    ) {
      row.attempts++
      expected.push(`${key} ${row.attempts}`)
      settle(row, step.plan[key]![row.attempts - 1]!)
      if (step.do === 'drain') break
    }
  }
  if (step.do === 'drain') {
    const processed = await queue.drain(handler, {
      maxAttempts: MAX_ATTEMPTS,
      backoffMs: 1_000 * HOUR_MS,
      maxBackoffMs: 1_000 * HOUR_MS,
    })
    expect(processed, where).toEqual({ processed: expected.length })
  } else await workUntilIdle(harness, handler)
  expect(tries.toSorted(), where).toEqual(expected.toSorted())
}

function settle(row: ModelRow, outcome: Outcome): void {
  if (outcome === 'done') row.state = 'done'
  else if (outcome === 'rejected') Object.assign(row, { state: 'dead', reason: 'handler_rejected' })
  else if (row.attempts === MAX_ATTEMPTS) Object.assign(row, { state: 'dead', reason: 'attempts' })
  else row.state = 'retrying'
}

async function workUntilIdle({ queue, rows }: Harness, handler: ProcessDelivery): Promise<void> {
  const waiting = [...rows.values()].filter(({ state }) => state === 'retrying').length
  const worker = queue.work(handler, { maxAttempts: MAX_ATTEMPTS, backoffMs: 1, maxBackoffMs: 1 })
  await until('nothing is left to do', async () => {
    const { pending, running, retrying } = await queue.stats()
    return pending + running === 0 && retrying === waiting
  })
  await worker.stop()
}

async function redriveBoth({ queue, rows, where }: Harness, key: string): Promise<void> {
  const dead = [...rows].filter(([name, row]) => row.state === 'dead' && (key === 'all' || key === name))
  expect(await queue.deadLetters.redrive(key), where).toBe(dead.length)
  for (const [, row] of dead) Object.assign(row, { state: 'pending', attempts: 0, reason: undefined })
}

async function purgeBoth({ queue, rows, where }: Harness, olderThan: 'now' | 'long ago'): Promise<void> {
  const dead = [...rows].filter(([, { state }]) => olderThan === 'now' && state === 'dead')
  const time = olderThan === 'now' ? Date.now() + 1_000 : Date.now() - HOUR_MS
  expect(await queue.deadLetters.purge({ olderThan: time }), where).toBe(dead.length)
  for (const [key] of dead) rows.delete(key)
}

async function compare({ queue, rows, where }: Harness): Promise<void> {
  const { oldestPendingMs: _, ...counts } = await queue.stats()
  const expected = { pending: 0, running: 0, retrying: 0, done: 0, dead: 0 }
  for (const { state } of rows.values()) expected[state]++
  expect(counts, where).toEqual(expected)
  const letters = (await queue.deadLetters.list()).map(
    ({ message, reason, attempts }) => `${message.key} ${reason} ${attempts}`,
  )
  const dead = [...rows].filter(([, { state }]) => state === 'dead')
  const expectedLetters = dead.map(([key, { reason, attempts }]) => `${key} ${reason} ${attempts}`)
  expect(letters.toSorted(), where).toEqual(expectedLetters.toSorted())
}
