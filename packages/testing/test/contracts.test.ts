import type { DeliveryQueue } from '@gwh/core/queue'
import { createMemoryQueue } from '@gwh/core/queue'
import type { IdempotencyStore, JobLedger } from '@gwh/core/store'
import { createMemoryLedger, createMemoryStore } from '@gwh/core/store'
import { expect, test } from 'vitest'
import {
  ContractViolation,
  ledgerContract,
  queueContract,
  type RegisterTest,
  storeContract,
} from '../src/index.ts'

/** Runs a contract and returns the titles of the rules that were broken. */
async function broken(register: (test: RegisterTest) => void): Promise<string[]> {
  const sentences: [string, () => Promise<void>][] = []
  register((title, run) => sentences.push([title, run]))
  const failed: string[] = []
  for (const [title, run] of sentences) {
    try {
      await run()
    } catch (error) {
      expect(error).toBeInstanceOf(ContractViolation)
      failed.push(title)
    }
  }
  return failed
}

const STORES: [string, (store: IdempotencyStore) => Partial<IdempotencyStore>, string][] = [
  [
    'accepts every completion',
    () => ({ complete: async () => true }),
    'of 1,000 completions after a lost lease, none is accepted',
  ],
  [
    'accepts every release',
    () => ({ release: async () => true }),
    'the old owner cannot release after losing its lease',
  ],
  [
    'lets every claim win',
    () => ({ claim: async (key) => ({ status: 'claimed', key, token: String(Math.random()), attempt: 1 }) }),
    'exactly one of 50 concurrent claims wins',
  ],
  [
    'confuses keys that differ in case',
    (store) => ({ claim: (key, deadlines) => store.claim(key.toLowerCase(), deadlines) }),
    'claims on different keys do not affect each other',
  ],
  [
    'treats a lease of zero length as endless',
    (store) => ({
      claim: (key, { leaseUntil, expiresAt }) =>
        store.claim(key, {
          leaseUntil: leaseUntil === 1_795_000_000_000 ? expiresAt : leaseUntil,
          expiresAt,
        }),
    }),
    'a lease of zero length has already run out',
  ],
  [
    'keeps records for a day only',
    (store) => ({
      claim: (key, { leaseUntil }) => store.claim(key, { leaseUntil, expiresAt: leaseUntil + 86_400_000 }),
    }),
    'a completed key stays completed',
  ],
]

test.each(STORES)('a store that %s is caught', async (_, change, sentence) => {
  const create = (now: () => number) => {
    const store = createMemoryStore({ now })
    return { ...store, ...change(store) }
  }
  expect(await broken((register) => storeContract(register, { create }))).toContain(sentence)
})

const QUEUES: [string, (queue: DeliveryQueue) => Partial<DeliveryQueue>, string][] = [
  [
    'accepts duplicates as new',
    (queue) => ({ enqueue: (message) => queue.enqueue(message).then(() => 'enqueued') }),
    'a delivery that is done is a duplicate when it is enqueued again',
  ],
  [
    'keeps bodies as text',
    (queue) => ({
      enqueue: (message) =>
        queue.enqueue({ ...message, body: new TextEncoder().encode(new TextDecoder().decode(message.body)) }),
    }),
    'a body survives byte for byte: every byte value',
  ],
  [
    'never retries',
    (queue) => ({ work: (process, options) => queue.work(process, { ...options, maxAttempts: 1 }) }),
    'a handler that throws is retried after its backoff, not before',
  ],
  [
    'lets a long handler lose its lease',
    (queue) => ({
      work: (process, options) => queue.work(process, { ...options, handlerTimeoutMs: 1_000, backoffMs: 1 }),
    }),
    'a long handler keeps its lease by renewal',
  ],
  [
    'runs one handler too many',
    (queue) => ({ work: (process, options) => queue.work(process, { ...options, concurrency: 9 }) }),
    'no more handlers run at a time than the concurrency allows',
  ],
  [
    'does not wait for handlers when it stops',
    (queue) => ({
      work(process, options) {
        const worker = queue.work(process, options)
        return { stop: async () => void worker.stop() }
      },
    }),
    'stop waits for running handlers',
  ],
  [
    'drains nothing',
    () => ({ drain: async () => ({ processed: 0 }) }),
    'drain handles what is due and returns',
  ],
  [
    'redrives nothing',
    (queue) => ({ deadLetters: { ...queue.deadLetters, redrive: async () => 1 } }),
    'a redriven dead letter has a new attempt budget',
  ],
  [
    'counts nothing',
    () => ({
      stats: async () => ({ pending: 0, running: 0, retrying: 0, dead: 0, done: 0, oldestPendingMs: 0 }),
    }),
    'stats count each state',
  ],
]

test.each(QUEUES)('a queue that %s is caught', async (_, change, sentence) => {
  const create: Parameters<typeof queueContract>[1]['create'] = (clock) => {
    const queue = createMemoryQueue({ clock })
    return { ...queue, ...change(queue) }
  }
  expect(await broken((register) => queueContract(register, { create }))).toContain(sentence)
})

const LEDGERS: [string, (ledger: JobLedger) => Partial<JobLedger>, string][] = [
  ['adds jobs twice', () => ({ open: async () => true }), 'a known job is not added again'],
  ['lets the last event count', () => ({ end: async () => true }), 'only the first event of a job counts'],
  [
    'gives a job to every caller',
    (ledger) => ({ take: (options) => ledger.take({ ...options, until: options.now }) }),
    'each of 20 jobs is taken by exactly one of 5 concurrent calls',
  ],
  [
    'knows no endpoints',
    (ledger) => ({ take: (options) => ledger.take({ ...options, endpoint: 'default' }) }),
    'endpoints do not see the jobs of each other',
  ],
  [
    'keeps jobs open that were given up',
    () => ({ giveUp: async () => true }),
    'a job that was given up is settled, with an event that says so',
  ],
  [
    'lets nothing change a job that was given up',
    (ledger) => ({
      end: async (end) => ((await ledger.find(end))?.event === undefined ? await ledger.end(end) : false),
    }),
    'an event opens a job again that was given up',
  ],
  ['settles nothing', () => ({ settle: async () => {} }), 'an ended job is taken until it is settled'],
  [
    'never lets a claim end',
    (ledger) => ({
      begin: (key, holder, deadlines) => ledger.begin(key, holder, { ...deadlines, leaseUntil: Infinity }),
    }),
    'a released claim, or one whose lease has ended, can be claimed',
  ],
  [
    'keeps a holder from its own event',
    (ledger) => ({ begin: (key, holder, deadlines) => ledger.begin(key, holder + Math.random(), deadlines) }),
    'the same holder may handle an event again, before and after completion',
  ],
  [
    'never forgets',
    (ledger) => ({
      begin: (key, holder, deadlines) => ledger.begin(key, holder, { ...deadlines, expiresAt: Infinity }),
    }),
    'a handled event is forgotten after its expiry',
  ],
]

test.each(LEDGERS)('a ledger that %s is caught', async (_, change, sentence) => {
  const create = () => {
    const ledger = createMemoryLedger()
    return { ...ledger, ...change(ledger) }
  }
  expect(await broken((register) => ledgerContract(register, { create }))).toContain(sentence)
})

test('a backend that loses data is caught when it claims to be durable', async () => {
  const failed = await broken((register) => {
    storeContract(register, {
      create: (now) => createMemoryStore({ now }),
      reopen: (now) => createMemoryStore({ now }),
    })
    queueContract(register, {
      create: (clock) => createMemoryQueue({ clock }),
      reopen: (clock) => createMemoryQueue({ clock }),
    })
    ledgerContract(register, { create: createMemoryLedger, reopen: createMemoryLedger })
  })
  expect(failed).toEqual([
    'a completed key is completed after a restart',
    'a lease outlives a restart and its owner can still complete',
    'attempts keep counting after a restart',
    'what was enqueued is handled after a restart',
    'a duplicate of a done delivery is still a duplicate after a restart',
    'attempts and due times survive a restart',
    'dead letters survive a restart',
    'jobs, events and claims survive a restart',
  ])
})
