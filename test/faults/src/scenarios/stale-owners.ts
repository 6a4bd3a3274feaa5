import { join } from 'node:path'
import type { LeasedDelivery, QueueStorage } from '@gwh/core/queue'
import type { ActiveClaim, IdempotencyStore } from '@gwh/core/store'
import { openSqliteStorage } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { createClient } from 'redis'
import { count, type Finding, failuresOf, type Scenario, type ScenarioHarness } from '../scenario.ts'

const OWNERS = 1_000
const LEASE_MS = 60_000
const NOW = 1_795_000_000_000
const AT_A_TIME = 50

/** How a storage is changed before it is examined. */
export type Change = (storage: QueueStorage, path: string) => QueueStorage

/** How a Redis store is changed before it is examined; `forget` deletes the record of a key. */
export type StoreChange = (
  store: IdempotencyStore,
  forget: (key: string) => Promise<boolean>,
) => IdempotencyStore

export const staleOwners: Scenario = {
  name: 'stale-owners',
  async run(harness) {
    const sqlite = await onSqlite(harness)
    const redis = await onRedis()
    return {
      figures: `SQLite: ${sqlite.figures}; Redis: ${redis.figures}`,
      failures: [...sqlite.failures, ...redis.failures],
    }
  },
}

/** Completes deliveries whose lease ended and was taken over by another owner. */
export async function onSqlite(
  { folder }: ScenarioHarness,
  change: Change = (storage) => storage,
): Promise<Finding> {
  const path = join(folder, 'deliveries.db')
  const storage = change(openSqliteStorage({ path }), path)
  await Promise.all(
    Array.from({ length: OWNERS }, (_, index) => storage.insert(queuedDelivery({ id: `msg_${index}` }))),
  )
  const first = await claimAll(storage, NOW)
  const second = await claimAll(storage, NOW + LEASE_MS)
  const settle = (leases: LeasedDelivery[]) =>
    Promise.all(leases.map((lease) => storage.complete(lease, NOW + LEASE_MS)))
  const stale = (await settle(first)).filter(Boolean).length
  const others = await Promise.all([
    ...first.map((lease) => storage.renew(lease, NOW + 9 * LEASE_MS, NOW)),
    ...first.map((lease) => storage.retry(lease, NOW, NOW)),
    ...first.map((lease) => storage.deadLetter(lease, 'attempts', NOW)),
  ])
  const kept = (await settle(second)).filter(Boolean).length
  const ended = await isFreeAtOnce(storage)
  await storage.close()
  return toFinding({
    owners: first.length,
    stale,
    others: others.filter(Boolean).length,
    kept,
    ended: Number(ended),
    brief: 1,
  })
}

/** Claims a delivery for 0 ms, and then again. */
async function isFreeAtOnce(storage: QueueStorage): Promise<boolean> {
  await storage.insert(queuedDelivery())
  const terms = { limit: 1, now: NOW, leaseUntil: NOW }
  const [first] = await storage.claim(terms)
  const [second] = await storage.claim(terms)
  return first !== undefined && first.key === second?.key
}

function claimAll(storage: QueueStorage, now: number): Promise<LeasedDelivery[]> {
  return storage.claim({ limit: OWNERS, now, leaseUntil: now + LEASE_MS })
}

/** The same with the claims of a Redis store. */
export async function onRedis(change: StoreChange = (store) => store): Promise<Finding> {
  const { createRedisStore } = await import('@gwh/store-redis')
  const server = await startRedisServer()
  const client = await createClient({ url: server.url }).connect()
  // Fifty concurrent scripts on a busy machine: the timeout is not what is tested here.
  const open = (now: number) =>
    change(
      createRedisStore({ client, now: () => now, commandTimeoutMs: 30_000 }),
      async (key) => (await client.del(`gwh:claim:{${key}}`)) === 1,
    )
  try {
    return await takeOver(open(NOW), open(NOW + LEASE_MS))
  } finally {
    client.destroy()
    await server.stop()
  }
}

async function takeOver(before: IdempotencyStore, after: IdempotencyStore): Promise<Finding> {
  const first = await claimKeys(before, 'msg', { leaseUntil: NOW + LEASE_MS })
  const second = await claimKeys(after, 'msg', { leaseUntil: NOW + 2 * LEASE_MS })
  const stale = await succeeded(first, (claim) => before.complete(claim))
  const others = await succeeded(first, (claim) => before.release(claim))
  const kept = await succeeded(second, (claim) => after.complete(claim))
  const brief = await claimKeys(before, 'brief', { leaseUntil: NOW })
  const ended = await claimKeys(before, 'brief', { leaseUntil: NOW })
  return toFinding({
    owners: first.length,
    stale,
    others,
    kept,
    brief: brief.length,
    ended: ended.length,
  })
}

async function claimKeys(
  store: IdempotencyStore,
  name: string,
  { leaseUntil }: { leaseUntil: number },
): Promise<ActiveClaim[]> {
  const deadlines = { leaseUntil, expiresAt: NOW + 10 * LEASE_MS }
  const claims: ActiveClaim[] = []
  await inTurns(
    Array.from({ length: OWNERS }, (_, index) => `default:${name}_${index}`),
    async (key) => {
      const claim = await store.claim(key, deadlines)
      if (claim.status === 'claimed') claims.push(claim)
    },
  )
  return claims
}

async function succeeded(
  claims: readonly ActiveClaim[],
  settle: (claim: ActiveClaim) => Promise<boolean>,
): Promise<number> {
  let successes = 0
  await inTurns(claims, async (claim) => {
    if (await settle(claim)) successes++
  })
  return successes
}

async function inTurns<T>(all: readonly T[], task: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  const hand = async () => {
    for (const one of rest) await task(one)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, hand))
}

function toFinding(seen: {
  owners: number
  stale: number
  others: number
  kept: number
  /** Claims for 0 ms, and how many of them were free at once. */
  brief: number
  ended: number
}): Finding {
  const { owners, stale, others, kept, brief, ended } = seen
  return {
    figures: `${count(owners)} late completions, ${stale} accepted; ${count(brief)} leases of 0 ms, ${count(ended)} free at once`,
    failures: failuresOf({
      'every delivery changed its owner': owners === OWNERS,
      'no late completion is accepted': stale === 0,
      'nothing else of a former owner is accepted': others === 0,
      'the current owner completes': kept === OWNERS,
      'a lease of no time has ended': brief > 0 && ended === brief,
    }),
  }
}
