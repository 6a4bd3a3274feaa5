import { assertEqual } from '../shared/assert.ts'
import { type DefineStorageRule, LEASE_MS, only, START_MS } from './queue-storage-harness.ts'

const DAY_MS = 24 * 3_600_000
const AHEAD_MS = 5 * DAY_MS

/** Setting the clock must neither freeze what waits nor start again what is running. */
export function defineClockRules(define: DefineStorageRule): void {
  defineClockAhead(define)
  defineClockInUse(define)
}

function defineClockAhead(define: DefineStorageRule): void {
  define('a lease from a clock five days ahead has run out once the clock is right', async (harness) => {
    await harness.fill(1)
    only(await harness.claimAt(AHEAD_MS))
    const found = only(await harness.claimAt(0))
    assertEqual(found.attempt, 2, 'attempt')
    assertEqual(await harness.claimAt(LEASE_MS - 1), [], 'claim before the end of the new lease')
  })

  define('a renewal from a clock five days ahead does not keep a lease for five days', async (harness) => {
    const lease = await harness.leaseOne()
    const ahead = START_MS + AHEAD_MS
    assertEqual(await harness.storage.renew(lease, ahead + LEASE_MS, ahead), true, 'renewal')
    only(await harness.claimAt(0))
  })

  define('a retry from a clock five days ahead is due once the clock is right', async (harness) => {
    const lease = await harness.leaseOne()
    const ahead = START_MS + AHEAD_MS
    await harness.storage.retry(lease, ahead + 3_600_000, ahead)
    assertEqual(((await harness.storage.nextDueAt(START_MS)) ?? Number.NaN) <= START_MS, true, 'due now')
    only(await harness.claimAt(0))
  })

  define(
    'a crash-loop suspect from a clock five days ahead is still one once the clock is right',
    async (harness) => {
      await harness.fill(2)
      await harness.claimAt(AHEAD_MS, 1)
      await harness.claimAt(AHEAD_MS + LEASE_MS, 1)
      await harness.claimAt(AHEAD_MS + 2 * LEASE_MS, 1)
      const suspect = only(await harness.claimAt(0))
      assertEqual(suspect.quarantined, true, 'quarantined')
    },
  )
}

function defineClockInUse(define: DefineStorageRule): void {
  define('times up to the longest lease and wait so far are respected', async (harness) => {
    await harness.fill(2)
    const [first] = await harness.claimAt(0, 1)
    await harness.storage.renew(first!, START_MS + DAY_MS, START_MS)
    const [second] = await harness.claimAt(0, 1)
    await harness.storage.retry(second!, START_MS + DAY_MS, START_MS)
    assertEqual(await harness.claimAt(DAY_MS - 1), [], 'claim before their end')
    assertEqual((await harness.claimAt(DAY_MS)).length, 2, 'claims after it')
  })

  define(
    'a claim whose time was read before another worker claimed takes nothing from that worker',
    async (harness) => {
      await harness.fill(1)
      only(await harness.claimAt(2_000))
      assertEqual(await harness.claimAt(0), [], 'claim with the older time')
    },
  )

  define('a claim leaves out deliveries that run in its own process', async (harness) => {
    const lease = await harness.leaseOne()
    const now = START_MS + LEASE_MS
    const terms = { limit: 10, now, leaseUntil: now + LEASE_MS }
    const exclude = new Set([lease.key])
    assertEqual(await harness.storage.claim({ ...terms, exclude }), [], 'claim without it')
    only(await harness.storage.claim(terms))
  })
}
