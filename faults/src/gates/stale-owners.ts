import { join } from 'node:path'
import type { LeasedDelivery, QueueStorage } from '@gwh/core/queue'
import type { ActiveClaim, IdempotencyStore } from '@gwh/core/store'
import { openSqliteStorage } from '@gwh/store-sqlite'
import { queuedDelivery } from '@gwh/testing'
import { startRedisServer } from '@gwh/testing/redis'
import { createClient } from 'redis'
import { count, type Finding, failuresOf, type Gate, type Scene } from '../gate.ts'

const OWNERS = 1_000
const LEASE_MS = 60_000
const NOW = 1_795_000_000_000
const AT_A_TIME = 50

/** How a storage is changed before it is examined. */
export type Change = (storage: QueueStorage, path: string) => QueueStorage

export const staleOwners: Gate = {
  name: 'stale-owners',
  async run(scene) {
    const sqlite = await onSqlite(scene)
    const redis = await onRedis()
    return {
      figures: `SQLite: ${sqlite.figures}; Redis: ${redis.figures}`,
      failures: [...sqlite.failures, ...redis.failures],
    }
  },
}

/** Completes deliveries whose lease ended and went to somebody else. */
export async function onSqlite({ folder }: Scene, change: Change = (storage) => storage): Promise<Finding> {
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
    ...first.map((lease) => storage.renew(lease, NOW + 9 * LEASE_MS)),
    ...first.map((lease) => storage.retry(lease, NOW)),
    ...first.map((lease) => storage.bury(lease, 'attempts', NOW)),
  ])
  const kept = (await settle(second)).filter(Boolean).length
  await storage.close()
  return toFinding(first.length, stale, others.filter(Boolean).length, kept)
}

function claimAll(storage: QueueStorage, now: number): Promise<LeasedDelivery[]> {
  return storage.claim({ limit: OWNERS, now, leaseUntil: now + LEASE_MS })
}

async function onRedis(): Promise<Finding> {
  const { createRedisStore } = await import('@gwh/store-redis')
  const server = await startRedisServer()
  const client = await createClient({ url: server.url }).connect()
  // Fifty scripts at a time on a busy machine: here it is not the timeout that is examined.
  const open = (now: number) => createRedisStore({ client, now: () => now, commandTimeoutMs: 30_000 })
  try {
    return await takeOver(open(NOW), open(NOW + LEASE_MS))
  } finally {
    client.destroy()
    await server.stop()
  }
}

async function takeOver(before: IdempotencyStore, after: IdempotencyStore): Promise<Finding> {
  const first = await claimKeys(before, NOW)
  const second = await claimKeys(after, NOW + LEASE_MS)
  const stale = await succeeded(first, (claim) => before.complete(claim))
  const others = await succeeded(first, (claim) => before.release(claim))
  const kept = await succeeded(second, (claim) => after.complete(claim))
  return toFinding(first.length, stale, others, kept)
}

async function claimKeys(store: IdempotencyStore, now: number): Promise<ActiveClaim[]> {
  const deadlines = { leaseUntil: now + LEASE_MS, expiresAt: now + 9 * LEASE_MS }
  const claims: ActiveClaim[] = []
  await inTurns(
    Array.from({ length: OWNERS }, (_, index) => `default:msg_${index}`),
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

function toFinding(owners: number, stale: number, others: number, kept: number): Finding {
  return {
    figures: `${count(owners)} late completions, ${stale} accepted`,
    failures: failuresOf({
      'every delivery changed its owner': owners === OWNERS,
      'no late completion is accepted': stale === 0,
      'nothing else of a former owner is accepted': others === 0,
      'the present owner completes': kept === OWNERS,
    }),
  }
}
