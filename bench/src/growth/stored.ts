// What a delivery costs with more ids stored: CPU time of a claim and its completion in memory, and of an enqueue in SQLite.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { QueuedDelivery } from '@gwh/core/queue'
import { createMemoryStore } from '@gwh/core/store'
import { createSqliteQueue } from '@gwh/store-sqlite'
import { makeBody } from '../deliveries.ts'
import type { Growth } from './growth.ts'

const IN_FLIGHT = 64
const PER_ROUND = 1_024
const DAY_MS = 86_400_000
const body = makeBody(300)

type Store = (key: string) => Promise<unknown>

/** @param sizes Numbers of stored ids, ascending */
export async function growStored(folder: string, sizes: readonly number[], rounds: number): Promise<Growth> {
  const memory = createMemoryStore({ maxKeys: Number.MAX_SAFE_INTEGER })
  const queue = createSqliteQueue({ path: join(folder, 'grown.db'), maxPending: 1e9, minFreeBytes: 0 })
  const inMemory = await grow(sizes, rounds, async (key) => {
    const now = Date.now()
    const claim = await memory.claim(key, { leaseUntil: now + 60_000, expiresAt: now + DAY_MS })
    if (claim.status === 'claimed') await memory.complete(claim)
  })
  const inSqlite = await grow(sizes, rounds, (key) => queue.enqueue(makeDelivery(key)))
  await queue.close()
  return {
    id: 'growth-stored',
    title: 'CPU time of one delivery in the store, by stored ids',
    unit: 'µs',
    of: 'stored ids',
    at: sizes.map((size) => size.toLocaleString('en')),
    lines: [
      { name: 'memory store: claim and complete', values: inMemory },
      { name: 'SQLite queue: enqueue, 64 in flight', values: inSqlite },
    ],
  }
}

async function grow(sizes: readonly number[], rounds: number, store: Store): Promise<number[]> {
  let stored = 0
  const values: number[] = []
  for (const size of sizes) {
    for (; stored < size; stored += PER_ROUND) await storeNew(store)
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < rounds; round++) {
      const before = process.cpuUsage()
      await storeNew(store)
      const { user, system } = process.cpuUsage(before)
      least = Math.min(least, (user + system) / PER_ROUND)
      stored += PER_ROUND
    }
    values.push(least)
  }
  return values
}

async function storeNew(store: Store): Promise<void> {
  for (let index = 0; index < PER_ROUND; index += IN_FLIGHT) {
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => store(randomBytes(32).toString('hex'))))
  }
}

function makeDelivery(key: string): QueuedDelivery {
  const [id, receivedAt] = [`msg_${key.slice(0, 27)}`, Date.now()]
  const timestamp = Math.floor(receivedAt / 1000)
  return { key, endpoint: 'default', id, timestamp, scheme: 'static', receivedAt, body }
}
