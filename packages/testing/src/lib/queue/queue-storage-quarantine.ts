import { queuedDelivery } from '../fixtures/queued-delivery.ts'
import { assertEqual } from '../shared/assert.ts'
import {
  type DefineStorageRule,
  LEASE_MS,
  only,
  START_MS,
  type StorageHarness,
} from './queue-storage-harness.ts'

/** Which deliveries are claimed alone, because they may crash their processes. */
export function defineQuarantineRules(define: DefineStorageRule): void {
  define('a delivery abandoned once is claimed with others', async ({ storage, fill, claimAt }) => {
    await fill(2)
    await claimAt(0)
    await storage.insert(queuedDelivery())
    const claimed = await claimAt(LEASE_MS, 10, false)
    assertEqual(claimed.map(({ attempt }) => attempt).sort(), [1, 2, 2], 'attempts')
    assertEqual(claimed.filter(({ quarantined }) => quarantined).length, 0, 'crash-loop suspects')
  })

  define('deliveries abandoned twice are claimed alone, one after the other', async (harness) => {
    const keys = await abandonTwice(harness, 3)
    const waiting = await harness.fill(2)
    const first = await harness.claimAt(2 * LEASE_MS)
    const second = await harness.claimAt(2 * LEASE_MS)
    const third = await harness.claimAt(2 * LEASE_MS)
    const suspects = [first, second, third].map((claimed) => only(claimed))
    assertEqual(suspects.map(({ key }) => key).sort(), keys.sort(), 'claimed keys')
    for (const { quarantined, attempt } of suspects)
      assertEqual([quarantined, attempt], [true, 3], 'quarantined and attempt')
    const others = await harness.claimAt(2 * LEASE_MS)
    assertEqual(others.map(({ key }) => key).sort(), waiting.sort(), 'keys claimed afterwards')
  })

  define('while a crash-loop suspect waits, nothing else is claimed', async (harness) => {
    await abandonTwice(harness, 1)
    await harness.fill(2)
    assertEqual(await harness.claimAt(2 * LEASE_MS, 10, false), [], 'claim while others run')
    only(await harness.claimAt(2 * LEASE_MS))
    assertEqual((await harness.claimAt(2 * LEASE_MS, 10, false)).length, 2, 'claims while the suspect runs')
  })

  define('a delivery that was retried twice is not a crash-loop suspect', async ({ storage, ...harness }) => {
    await storage.retry(await harness.leaseOne(), START_MS, START_MS)
    await storage.retry(only(await harness.claimAt(0)), START_MS, START_MS)
    const third = only(await harness.claimAt(0, 10, false))
    assertEqual([third.quarantined === true, third.attempt], [false, 3], 'quarantined and attempt')
  })
}

/** Makes deliveries whose lease ran out on their second attempt, and returns their keys. */
async function abandonTwice({ fill, claimAt }: StorageHarness, count: number): Promise<string[]> {
  const keys = await fill(count)
  await claimAt(0, count)
  assertEqual((await claimAt(LEASE_MS, count)).length, count, 'deliveries abandoned once')
  return keys
}
