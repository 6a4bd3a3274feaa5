import { assertEqual } from '../shared/assert.ts'
import { at, type Define, type Harness, keyOf, NOW } from './ledger-harness.ts'

const DAY_MINUTES = 24 * 60

/** Rules about claims. */
export function defineHandling(define: Define): void {
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

/** Rules about what is forgotten. */
export function defineExpiry(define: Define): void {
  define('a handled event is forgotten after its expiry', async ({ ledger, begin }) => {
    const soon = { now: NOW, leaseUntil: at(1), expiresAt: at(60) }
    await ledger.begin('key', 'one', soon)
    await ledger.complete('key', 'one')
    assertEqual(await begin('other', at(60) - 1), 'handled', 'just before')
    assertEqual(await begin('other', at(60)), 'claimed', 'afterwards')
    assertEqual(await begin('one', at(60)), 'in_progress', 'the previous holder')
  })

  define('an ended job is kept until its expiry, whenever it was settled', async (harness) => {
    const { ledger, passTo } = harness
    const times = { now: NOW, expiresAt: at(60) }
    for (const id of ['early', 'late', 'open']) await harness.end(id, '{}', times)
    await ledger.settle(keyOf('early'), NOW)
    await passTo(50)
    await ledger.settle(keyOf('late'), at(50))
    await passTo(59)
    assertEqual(await foundOf(harness, 'early', 'late', 'open'), ['early', 'late', 'open'], 'just before')
    await passTo(61)
    assertEqual(await foundOf(harness, 'early', 'late', 'open'), ['open'], 'afterwards')
  })

  define('a job that was settled without an event is kept for 30 days', async (harness) => {
    const { ledger, open, passTo } = harness
    await open('a')
    await open('b')
    for (const id of ['a', 'b', 'unknown']) await ledger.settle(keyOf(id), NOW)
    await passTo(30 * DAY_MINUTES - 15)
    assertEqual(await foundOf(harness, 'a', 'b', 'unknown'), ['a', 'b'], 'just before')
    const later = at(40 * DAY_MINUTES)
    assertEqual(
      await harness.end('b', '{}', { now: at(30 * DAY_MINUTES - 15), expiresAt: later }),
      true,
      'end',
    )
    assertEqual(await harness.take({ dueAt: later }), [`at-${30 * DAY_MINUTES - 15}`], 'due jobs')
    await passTo(30 * DAY_MINUTES + 15)
    assertEqual(await foundOf(harness, 'a', 'b'), ['b'], 'afterwards')
    await passTo(40 * DAY_MINUTES + 1)
    assertEqual(await foundOf(harness, 'b'), [], 'after the expiry of the late event')
  })
}

async function foundOf({ ledger }: Harness, ...ids: string[]): Promise<string[]> {
  const jobs = await Promise.all(ids.map((id) => ledger.find(keyOf(id))))
  return jobs.flatMap((job) => job?.id ?? [])
}

/** Rules about restarts. */
export function defineRestart(define: Define): void {
  define('jobs, events and claims survive a restart', async (harness) => {
    const { open, end, begin, restart } = harness
    await open('running', 0)
    await open('ended', 0)
    await end('ended', '{"x":1}')
    await harness.ledger.settle(keyOf('ended'), NOW)
    await begin('one')
    await harness.ledger.complete('key', 'one')
    await restart()
    assertEqual((await harness.find('ended')).event, '{"x":1}', 'event')
    assertEqual(await harness.take(), ['running'], 'due jobs')
    assertEqual(await begin('other'), 'handled', 'claim')
  })
}
