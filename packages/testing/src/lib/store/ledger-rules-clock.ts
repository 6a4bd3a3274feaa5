import { assertEqual } from '../shared/assert.ts'
import { at, type Define, ENDPOINT, keyOf } from './ledger-harness.ts'

const DAY_MINUTES = 24 * 60

/** Rules about a clock that was ahead and has been set right. */
export function defineClocks(define: Define): void {
  define('a job that a clock was ahead for when it was added is due now', async ({ ledger, find, take }) => {
    const job = { ...keyOf('a'), name: 'batches/a', createdAt: at(DAY_MINUTES), lookAt: at(DAY_MINUTES + 60) }
    await ledger.open(job)
    assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), at(1), 'next look-up')
    assertEqual(await take(), ['a'], 'due jobs')
    const { createdAt, lookAt } = await find('a')
    assertEqual([createdAt, lookAt], [at(1), at(10)], 'its times')
    assertEqual(await take(), [], 'due jobs once it was taken')
    assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), at(10), 'next look-up')
  })

  define('a job that a clock was ahead for when it was taken is due now', async ({ ledger, open, take }) => {
    for (const id of ['a', 'b', 'settled']) await open(id)
    const ahead = { dueAt: at(DAY_MINUTES), now: at(DAY_MINUTES), until: at(2 * DAY_MINUTES) }
    assertEqual((await take(ahead)).length, 3, 'jobs taken while the clock was ahead')
    await ledger.postpone(keyOf('b'), at(3 * DAY_MINUTES))
    await ledger.settle(keyOf('settled'), at(1))
    assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), at(1), 'next look-up')
    assertEqual((await take({ limit: 1 })).length, 1, 'first due job')
    assertEqual((await take({ takenBefore: at(1) })).length, 1, 'job that was not taken since')
    assertEqual(await take({ dueAt: at(9) }), [], 'due jobs once they were taken')
  })

  define('a clock that is ahead by five minutes changes nothing', async ({ ledger, open, take }) => {
    await open('a')
    assertEqual(await take({ now: at(6), until: at(8) }), ['a'], 'job taken by another process')
    assertEqual(await take({ dueAt: at(7) }), [], 'due jobs')
    assertEqual(await ledger.nextLookAt(ENDPOINT, at(1)), at(8), 'next look-up')
  })

  define('a claim that a clock was ahead for ends after its length', async ({ begin }) => {
    assertEqual(await begin('one', at(DAY_MINUTES)), 'claimed', 'claim while the clock was ahead')
    assertEqual(await begin('other', at(1)), 'in_progress', 'another holder')
    assertEqual(await begin('other', at(2) - 1), 'in_progress', 'just before its end')
    assertEqual(await begin('other', at(2)), 'claimed', 'after its end')
  })
}
