import { queuedDelivery } from '../fixtures/queued-delivery.ts'
import { assertEqual } from '../shared/assert.ts'
import {
  type DefineStorageRule,
  LEASE_MS,
  only,
  START_MS,
  type StorageScene,
} from './queue-storage-harness.ts'

/** Who is claimed alone, because it may be what ends its processes. */
export function defineSuspectRules(define: DefineStorageRule): void {
  define('what was left behind once is claimed with others', async ({ storage, fill, claimAt }) => {
    await fill(2)
    await claimAt(0)
    await storage.insert(queuedDelivery())
    const claimed = await claimAt(LEASE_MS, 10, false)
    assertEqual(claimed.map(({ attempt }) => attempt).sort(), [1, 2, 2], 'attempts')
    assertEqual(claimed.filter(({ suspect }) => suspect).length, 0, 'suspects')
  })

  define('what was left behind twice is claimed alone, one after the other', async (scene) => {
    const keys = await leaveBehindTwice(scene, 3)
    const waiting = await scene.fill(2)
    const first = await scene.claimAt(2 * LEASE_MS)
    const second = await scene.claimAt(2 * LEASE_MS)
    const third = await scene.claimAt(2 * LEASE_MS)
    const suspects = [first, second, third].map((claimed) => only(claimed))
    assertEqual(suspects.map(({ key }) => key).sort(), keys.sort(), 'claimed keys')
    for (const { suspect, attempt } of suspects) assertEqual([suspect, attempt], [true, 3], 'suspect')
    const others = await scene.claimAt(2 * LEASE_MS)
    assertEqual(others.map(({ key }) => key).sort(), waiting.sort(), 'keys claimed afterwards')
  })

  define('while a suspect waits, nothing is claimed to run beside others', async (scene) => {
    await leaveBehindTwice(scene, 1)
    await scene.fill(2)
    assertEqual(await scene.claimAt(2 * LEASE_MS, 10, false), [], 'claim while others run')
    only(await scene.claimAt(2 * LEASE_MS))
    assertEqual((await scene.claimAt(2 * LEASE_MS, 10, false)).length, 2, 'claims while the suspect runs')
  })

  define('a delivery that was tried again and given back is no suspect', async ({ storage, ...scene }) => {
    await storage.retry(await scene.leaseOne(), START_MS)
    await storage.retry(only(await scene.claimAt(0)), START_MS)
    const third = only(await scene.claimAt(0, 10, false))
    assertEqual([third.suspect === true, third.attempt], [false, 3], 'suspect and attempt')
  })
}

/** Makes deliveries whose lease ran out on their second attempt, and returns their keys. */
async function leaveBehindTwice({ fill, claimAt }: StorageScene, count: number): Promise<string[]> {
  const keys = await fill(count)
  await claimAt(0, count)
  assertEqual((await claimAt(LEASE_MS, count)).length, count, 'deliveries left behind once')
  return keys
}
