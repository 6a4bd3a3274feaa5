import type { JobLedger, LedgerJob, TakeOptions } from '@gwh/core/store'
import { assertEqual, assertThat } from '../shared/assert.ts'
import type { RegisterTest } from '../shared/register-test.ts'

const NOW = 1_795_000_000_000
const MINUTE_MS = 60_000
const EXPIRES_AT = NOW + 7 * 24 * 60 * MINUTE_MS

/** How the ledger contract creates the ledger it tests. */
export interface LedgerContract {
  /** Makes an empty ledger; called once per test. */
  create(): JobLedger | Promise<JobLedger>
  /** Reopens what the last `create` made, after it was closed. Leave it out for a ledger in memory. */
  reopen?(): JobLedger | Promise<JobLedger>
}

/**
 * Registers one test for each rule of the `JobLedger` contract.
 *
 * @example
 * ```ts
 * ledgerContract(test, { create: createMemoryLedger })
 * ```
 */
export function ledgerContract(test: RegisterTest, contract: LedgerContract): void {
  const define: Define = (title, run) => test(title, () => withHarness(contract, run))
  defineJobs(define)
  defineTaking(define)
  defineHandling(define)
  defineExpiry(define)
  if (contract.reopen) defineRestart(define)
}

type Define = (title: string, run: (harness: Harness) => Promise<void>) => void

interface Harness {
  ledger: JobLedger
  /** Adds a job that is due at a time, in minutes from the start. */
  open(id: string, dueMinute?: number): Promise<boolean>
  /** Takes due jobs and returns their ids. */
  take(options?: Partial<TakeOptions>): Promise<string[]>
  find(id: string): Promise<LedgerJob>
  end(id: string, event?: string): Promise<boolean>
  begin(holder: string, now?: number, key?: string): Promise<string>
  restart(): Promise<void>
}

const at = (minute: number) => NOW + minute * MINUTE_MS
const idsOf = (jobs: readonly LedgerJob[]) => jobs.map(({ id }) => id)

async function withHarness(
  contract: LedgerContract,
  run: (harness: Harness) => Promise<void>,
): Promise<void> {
  const harness: Harness = {
    ledger: await contract.create(),
    open: (id, dueMinute = 1) =>
      harness.ledger.open({ id, name: `batches/${id}`, createdAt: NOW, lookAt: at(dueMinute) }),
    take: async (options = {}) => {
      const present = { now: at(1), until: at(10), limit: 100 }
      const due = options.takenBefore === undefined ? { dueAt: at(1) } : {}
      return idsOf(await harness.ledger.take({ ...present, ...due, ...options }))
    },
    async find(id) {
      const found = await harness.ledger.find(id)
      assertThat(found !== undefined, `the ledger has no job ${id}`)
      return found
    },
    end: (id, event = '{}') => harness.ledger.end(id, event, { now: NOW, expiresAt: EXPIRES_AT }),
    begin: (holder, now = NOW, key = 'key') =>
      harness.ledger.begin(key, holder, { now, leaseUntil: now + MINUTE_MS, expiresAt: EXPIRES_AT }),
    async restart() {
      await harness.ledger.close?.()
      harness.ledger = (await contract.reopen?.()) ?? harness.ledger
    },
  }
  try {
    await run(harness)
  } finally {
    await harness.ledger.close?.()
  }
}

function defineJobs(define: Define): void {
  define('a job is found exactly as it was added', async ({ ledger, find }) => {
    const job = {
      id: 'a',
      name: 'models/m/operations/a',
      createdAt: NOW,
      lookAt: at(5),
      userMetadata: '{"é":1}',
    }
    assertEqual(await ledger.open(job), true, 'adding it')
    assertEqual(await find('a'), { ...job, lookups: 0 }, 'job')
    assertEqual(await ledger.find('b'), undefined, 'another job')
  })

  define('a known job is not added again', async ({ ledger, open, find, end }) => {
    await open('a', 1)
    assertEqual(await open('a', 9), false, 'adding it again')
    assertEqual((await find('a')).lookAt, at(1), 'its next look-up')
    await end('a')
    await ledger.settle('a')
    assertEqual(await open('a', 9), false, 'adding it after its end')
  })

  define('exactly one of 20 concurrent calls adds a job', async ({ open }) => {
    const added = await Promise.all(Array.from({ length: 20 }, () => open('a')))
    assertEqual(added.filter(Boolean).length, 1, 'calls that added it')
  })

  define('only the first event of a job counts', async ({ open, end, find }) => {
    await open('a')
    assertEqual(await end('a', '{"first":true}'), true, 'first event')
    assertEqual(await end('a', '{"first":false}'), false, 'second event')
    assertEqual((await find('a')).event, '{"first":true}', 'event')
  })

  define('exactly one of 20 concurrent events counts', async ({ open, end }) => {
    await open('a')
    const ended = await Promise.all(Array.from({ length: 20 }, (_, index) => end('a', String(index))))
    assertEqual(ended.filter(Boolean).length, 1, 'events that counted')
  })

  define('a job that was never added can end', async ({ ledger, end, open, find }) => {
    assertEqual(await end('a', '{"x":1}'), true, 'event')
    const job = { id: 'a', name: 'a', createdAt: NOW, lookAt: NOW, lookups: 0, event: '{"x":1}' }
    assertEqual(await find('a'), job, 'job')
    assertEqual(await open('a'), false, 'adding it afterwards')
    await ledger.settle('a')
    assertEqual(await ledger.nextLookAt(), undefined, 'next look-up')
  })

  define('an event keeps every character', async ({ end, find }) => {
    const event = JSON.stringify({ text: 'é🙂\n"\\', long: 'x'.repeat(100_000) })
    await end('a', event)
    assertEqual((await find('a')).event, event, 'event')
  })
}

function defineTaking(define: Define): void {
  define('due jobs are taken, the earliest first, up to the limit', async ({ open, take }) => {
    await open('late', 2)
    await open('second', 0.5)
    await open('first', 0)
    await open('third', 1)
    assertEqual(await take({ limit: 2 }), ['first', 'second'], 'first two')
    assertEqual(await take(), ['third'], 'the rest of those that are due')
  })

  define('a taken job is due again at the given time', async ({ open, take, find }) => {
    await open('a')
    assertEqual(await take(), ['a'], 'first time')
    assertEqual(await take({ dueAt: at(10) - 1 }), [], 'just before it is due again')
    assertEqual(await take({ dueAt: at(10), until: at(20) }), ['a'], 'when it is due again')
    const { lookups, lookAt } = await find('a')
    assertEqual([lookups, lookAt], [2, at(20)], 'number of look-ups, and the next')
  })

  define('each of 20 jobs is taken by exactly one of 5 concurrent calls', async ({ open, take }) => {
    for (let index = 0; index < 20; index++) await open(`job-${index}`, 0)
    const taken = await Promise.all(Array.from({ length: 5 }, () => take({ limit: 7 })))
    assertEqual(taken.flat().length, 20, 'taken jobs')
    assertEqual(new Set(taken.flat()).size, 20, 'different jobs')
  })

  define('jobs can be taken before they are due, unless they were taken recently', async ({ open, take }) => {
    await open('a', 500)
    await open('b', 600)
    await open('due', 0)
    assertEqual(await take({ now: at(1) }), ['due'], 'due')
    assertEqual(
      (await take({ takenBefore: at(1), now: at(2) })).sort(),
      ['a', 'b'],
      'not taken before minute 1',
    )
    assertEqual(await take({ takenBefore: at(2), now: at(3) }), ['due'], 'not taken before minute 2')
    assertEqual(await take({ takenBefore: at(2), now: at(3) }), [], 'nothing is left')
  })

  define('an ended job is taken until it is settled', async ({ ledger, open, take, end }) => {
    await open('a', 0)
    await end('a', '{"x":1}')
    const [taken] = await ledger.take({ dueAt: at(1), now: at(1), until: at(2), limit: 1 })
    const before = { id: 'a', name: 'batches/a', createdAt: NOW, lookAt: at(0), lookups: 0, event: '{"x":1}' }
    assertEqual(taken, before, 'the taken job as it was before')
    await ledger.settle('a')
    assertEqual(await take({ dueAt: at(100) }), [], 'due jobs after it was settled')
    assertEqual(await take({ takenBefore: at(100) }), [], 'any jobs after it was settled')
    await ledger.settle('unknown')
  })

  define(
    'the next look-up can be moved, but not that of a settled job',
    async ({ ledger, open, take, end }) => {
      await open('a', 5)
      await open('b', 7)
      assertEqual(await ledger.nextLookAt(), at(5), 'next look-up')
      await ledger.postpone('a', at(9))
      assertEqual(await ledger.nextLookAt(), at(7), 'next look-up after it was moved')
      for (const id of ['a', 'b']) {
        await end(id)
        await ledger.settle(id)
        await ledger.postpone(id, at(1))
      }
      await ledger.postpone('unknown', at(1))
      assertEqual(await ledger.nextLookAt(), undefined, 'next look-up when all are settled')
      assertEqual(await take(), [], 'due jobs')
    },
  )
}

function defineHandling(define: Define): void {
  define('one holder at a time handles an event', async ({ begin }) => {
    assertEqual(await begin('one'), 'claimed', 'first holder')
    assertEqual(await begin('other'), 'in_progress', 'second holder')
    assertEqual(await begin('other', NOW, 'another key'), 'claimed', 'another key')
  })

  define('exactly one of 20 concurrent holders claims an event', async ({ begin }) => {
    const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => begin(`holder-${index}`)))
    assertEqual(claims.filter((claim) => claim === 'claimed').length, 1, 'claims')
  })

  define('a handled event stays handled for other holders', async ({ ledger, begin }) => {
    await begin('one')
    assertEqual(await ledger.complete('key', 'one'), true, 'completion')
    assertEqual(await begin('other', at(1000)), 'handled', 'another holder')
  })

  define(
    'the same holder may handle an event again, before and after completion',
    async ({ ledger, begin }) => {
      await begin('one')
      assertEqual(await begin('one'), 'claimed', 'before completion')
      await ledger.complete('key', 'one')
      assertEqual(await begin('one'), 'claimed', 'after completion')
      assertEqual(await begin('other'), 'handled', 'another holder meanwhile')
      await ledger.release('key', 'one')
      assertEqual(await begin('other'), 'handled', 'another holder after the release')
    },
  )

  define('a released claim, or one whose lease has ended, can be claimed', async ({ ledger, begin }) => {
    await begin('one')
    await ledger.release('key', 'one')
    assertEqual(await begin('two'), 'claimed', 'after the release')
    assertEqual(await begin('three', at(1) - 1), 'in_progress', 'just before the end of the lease')
    assertEqual(await begin('three', at(1)), 'claimed', 'after the lease')
  })

  define('a holder that lost its claim can neither complete nor release it', async ({ ledger, begin }) => {
    await begin('one')
    await begin('two', at(1))
    assertEqual(await ledger.complete('key', 'one'), false, 'late completion')
    await ledger.release('key', 'one')
    assertEqual(await begin('three', at(1)), 'in_progress', 'state after both')
    assertEqual(await ledger.complete('unknown', 'one'), false, 'completion of an unknown key')
    await ledger.release('unknown', 'one')
  })
}

function defineExpiry(define: Define): void {
  define('a handled event is forgotten after its expiry', async ({ ledger, begin }) => {
    const soon = { now: NOW, leaseUntil: at(1), expiresAt: at(60) }
    await ledger.begin('key', 'one', soon)
    await ledger.complete('key', 'one')
    assertEqual(await begin('other', at(60) - 1), 'handled', 'just before')
    assertEqual(await begin('other', at(60)), 'claimed', 'afterwards')
    assertEqual(await begin('one', at(60)), 'in_progress', 'the previous holder')
  })
}

function defineRestart(define: Define): void {
  define('jobs, events and claims survive a restart', async (harness) => {
    const { open, end, begin, restart } = harness
    await open('running', 0)
    await open('ended', 0)
    await end('ended', '{"x":1}')
    await harness.ledger.settle('ended')
    await begin('one')
    await harness.ledger.complete('key', 'one')
    await restart()
    assertEqual((await harness.find('ended')).event, '{"x":1}', 'event')
    assertEqual(await harness.take(), ['running'], 'due jobs')
    assertEqual(await begin('other'), 'handled', 'claim')
  })
}
