import type { LeasedDelivery, QueueStorage } from '@gwh/core/queue'
import { queuedDelivery } from '../fixtures/queued-delivery.ts'
import { assertEqual, assertThat } from '../shared/assert.ts'
import type { RegisterTest } from '../shared/register-test.ts'
import { defineClockRules } from './queue-storage-clock.ts'
import {
  type DefineStorageRule,
  LEASE_MS,
  only,
  type QueueStorageContract,
  START_MS,
  type StorageHarness,
  withStorageHarness,
} from './queue-storage-harness.ts'
import { defineQuarantineRules } from './queue-storage-quarantine.ts'

/**
 * Registers one test for each rule of `QueueStorage`: who may claim, and whose writes are refused.
 *
 * @example
 * ```ts
 * queueStorageContract(test, { create: () => openSqliteStorage({ path: ':memory:' }) })
 * ```
 */
export function queueStorageContract(test: RegisterTest, contract: QueueStorageContract): void {
  const define = (title: string, run: (harness: StorageHarness) => Promise<void>) =>
    test(title, () => withStorageHarness(contract, run))
  defineClaims(define)
  defineQuarantineRules(define)
  defineClockRules(define)
  defineDueTimes(define)
  defineFencing(define)
  defineDeadLetters(define)
  if (contract.reopen) defineRestart(define)
}

function defineClaims(define: DefineStorageRule): void {
  define('exactly one of 50 concurrent claims gets a delivery', async ({ fill, claimAt }) => {
    await fill(1)
    const claims = await Promise.all(Array.from({ length: 50 }, () => claimAt(0, 1)))
    assertEqual(claims.flat().length, 1, 'claims that got it')
  })

  define('concurrent claims share out the deliveries without giving one twice', async ({ fill, claimAt }) => {
    const keys = await fill(200)
    const claims = await Promise.all(Array.from({ length: 25 }, () => claimAt(0, 10)))
    assertEqual(claims.flatMap((claim) => claim.map(({ key }) => key)).sort(), keys.sort(), 'claimed keys')
  })

  define('a claim takes the oldest deliveries, up to its limit', async ({ fill, claimAt }) => {
    const keys = await fill(5)
    const claimed = await claimAt(0, 3)
    assertEqual(
      claimed.map(({ key }) => key),
      keys.slice(0, 3),
      'claimed keys',
    )
  })

  define(
    'a pending delivery is claimed although its receipt lies in the future',
    async ({ storage, claimAt }) => {
      await storage.insert(queuedDelivery({ receivedAt: START_MS + 3_600_000 }))
      only(await claimAt(0))
    },
  )

  define('attempts are counted when a delivery is claimed', async ({ leaseOne, claimAt }) => {
    assertEqual((await leaseOne()).attempt, 1, 'attempt of the first claim')
    assertEqual(only(await claimAt(LEASE_MS)).attempt, 2, 'attempt after the owner vanished')
    assertEqual(only(await claimAt(2 * LEASE_MS)).attempt, 3, 'attempt after the next one vanished')
  })

  define('a lease that ran out can be claimed again, with a higher token', async ({ leaseOne, claimAt }) => {
    const first = await leaseOne()
    assertEqual(await claimAt(LEASE_MS - 1), [], 'claim just before the end of the lease')
    const second = only(await claimAt(LEASE_MS))
    assertThat(second.token > first.token, 'the token did not rise')
  })

  define('a renewed lease ends when its renewal says', async ({ storage, leaseOne, claimAt }) => {
    const lease = await leaseOne()
    assertEqual(await storage.renew(lease, START_MS + 5 * LEASE_MS, START_MS), true, 'renewal')
    assertEqual(await claimAt(5 * LEASE_MS - 1), [], 'claim before the new end')
    only(await claimAt(5 * LEASE_MS))
  })
}

function defineDueTimes(define: DefineStorageRule): void {
  define('a retry is not claimed before it is due', async ({ storage, leaseOne, claimAt }) => {
    assertEqual(await storage.retry(await leaseOne(), START_MS + 500.5, START_MS), true, 'retry')
    assertEqual(await claimAt(500), [], 'claim before it is due')
    assertEqual(only(await claimAt(501)).attempt, 2, 'attempt')
  })

  define(
    'the next due time is that of the next claim that finds something',
    async ({ storage, fill, claimAt }) => {
      assertEqual(await storage.nextDueAt(START_MS), undefined, 'due time of an empty queue')
      await fill(1)
      assertThat(((await storage.nextDueAt(START_MS)) ?? Number.NaN) <= START_MS, 'a pending delivery is due')
      const lease = only(await claimAt(0))
      assertEqual(await storage.nextDueAt(START_MS), START_MS + LEASE_MS, 'due time of a running delivery')
      await storage.retry(lease, START_MS + 500, START_MS)
      assertEqual(await storage.nextDueAt(START_MS), START_MS + 500, 'due time of a retrying delivery')
      await storage.complete(only(await claimAt(500)), START_MS + 500)
      assertEqual(await storage.nextDueAt(START_MS), undefined, 'due time when all is done')
    },
  )
}

function defineFencing(define: DefineStorageRule): void {
  define('of 1,000 completions after a lost lease, none is accepted', async ({ storage, fill, claimAt }) => {
    await fill(1_000)
    const old = await claimAt(0, 1_000)
    const current = await claimAt(LEASE_MS, 1_000)
    assertEqual([old.length, current.length], [1_000, 1_000], 'claims')
    const late = await Promise.all(old.map((lease) => storage.complete(lease, START_MS + LEASE_MS)))
    assertEqual(late.filter(Boolean).length, 0, 'accepted late completions')
    const timely = await Promise.all(current.map((lease) => storage.complete(lease, START_MS + LEASE_MS)))
    assertEqual(timely.filter(Boolean).length, 1_000, 'accepted timely completions')
  })

  define('once the lease is lost, every write is refused', async ({ storage, leaseOne, claimAt }) => {
    const old = await leaseOne()
    const current = only(await claimAt(LEASE_MS))
    assertEqual(
      await writeAll(storage, old),
      [false, false, false, false],
      'renew, retry, dead-letter, complete',
    )
    assertEqual(await storage.complete(current, START_MS), true, 'completion by the new owner')
  })

  define('a lease ends with its first settlement', async ({ storage, leaseOne }) => {
    const settlements = [
      (lease: LeasedDelivery) => storage.complete(lease, START_MS),
      (lease: LeasedDelivery) => storage.deadLetter(lease, 'attempts', START_MS),
      (lease: LeasedDelivery) => storage.retry(lease, START_MS + 10 * LEASE_MS, START_MS),
    ]
    for (const settle of settlements) {
      const lease = await leaseOne()
      assertEqual(await settle(lease), true, 'first settlement')
      assertEqual(
        await writeAll(storage, lease),
        [false, false, false, false],
        'renew, retry, dead-letter, complete',
      )
    }
  })

  define('a lease that ran out unclaimed can still be completed', async ({ storage, leaseOne }) => {
    assertEqual(await storage.complete(await leaseOne(), START_MS + 2 * LEASE_MS), true, 'completion')
  })
}

function defineDeadLetters(define: DefineStorageRule): void {
  define('a dead letter is never claimed again', async ({ storage, leaseOne, claimAt }) => {
    await storage.deadLetter(await leaseOne(), 'attempts', START_MS)
    assertEqual(await claimAt(365 * 24 * 3_600_000), [], 'claim a year later')
  })

  define('a redriven delivery starts counting attempts again', async ({ storage, leaseOne, claimAt }) => {
    const first = await leaseOne()
    await storage.deadLetter(first, 'attempts', START_MS)
    assertEqual(await storage.redrive(first.key, START_MS), 1, 'redriven')
    assertEqual(only(await claimAt(0)).attempt, 1, 'attempt')
  })

  define('a lease from before a redrive is no longer valid', async ({ storage, leaseOne, claimAt }) => {
    const old = await leaseOne()
    await storage.deadLetter(old, 'attempts', START_MS)
    await storage.redrive('all', START_MS)
    only(await claimAt(0))
    assertEqual(
      await writeAll(storage, old),
      [false, false, false, false],
      'renew, retry, dead-letter, complete',
    )
  })
}

function defineRestart(define: DefineStorageRule): void {
  define(
    'a delivery that was running at a crash is claimed again once its lease ran out',
    async (harness) => {
      const lost = await harness.leaseOne()
      await harness.restart()
      assertEqual(await harness.claimAt(LEASE_MS - 1), [], 'claim before the end of the lease')
      const found = only(await harness.claimAt(LEASE_MS))
      assertEqual([found.key, found.attempt], [lost.key, 2], 'key and attempt')
      assertEqual(await harness.storage.complete(lost, START_MS), false, 'completion from before the crash')
    },
  )
}

async function writeAll(storage: QueueStorage, lease: LeasedDelivery): Promise<boolean[]> {
  return [
    await storage.renew(lease, START_MS + 10 * LEASE_MS, START_MS),
    await storage.retry(lease, START_MS, START_MS),
    await storage.deadLetter(lease, 'attempts', START_MS),
    await storage.complete(lease, START_MS),
  ]
}
