import type { LeasedDelivery, QueueStorage } from '@gwh/core/queue'
import { queuedDelivery } from '../fixtures/queued-delivery.ts'
import { assertThat } from '../shared/assert.ts'

export const START_MS = 1_795_100_000_000
export const LEASE_MS = 60_000

/** How the storage contract creates the storage it tests. */
export interface QueueStorageContract {
  /** Makes an empty storage; called once per test. */
  create(): QueueStorage | Promise<QueueStorage>
  /** Reopens what the last `create` made, after it was closed. Leave it out where nothing outlives that. */
  reopen?(): QueueStorage | Promise<QueueStorage>
}

/** Registers one rule of the storage contract. */
export type DefineStorageRule = (title: string, run: (harness: StorageHarness) => Promise<void>) => void

/** What a test of the storage contract works with. */
export interface StorageHarness {
  storage: QueueStorage
  /** Enqueues that many deliveries and returns their keys, oldest first. */
  fill(count: number): Promise<string[]>
  /** Claims at a time after the start; by default while nothing else runs. */
  claimAt(afterMs: number, limit?: number, alone?: boolean): Promise<LeasedDelivery[]>
  /** Enqueues one delivery and claims it at the start. */
  leaseOne(): Promise<LeasedDelivery>
  restart(): Promise<void>
}

/** Runs one test on a storage of its own. */
export async function withStorageHarness(
  contract: QueueStorageContract,
  run: (harness: StorageHarness) => Promise<void>,
): Promise<void> {
  const harness: StorageHarness = {
    storage: await contract.create(),
    async fill(count) {
      const messages = Array.from({ length: count }, () => queuedDelivery())
      await Promise.all(messages.map((message) => harness.storage.insert(message)))
      return messages.map((message) => message.key)
    },
    claimAt(afterMs, limit = 10, alone = true) {
      const now = START_MS + afterMs
      return harness.storage.claim({ limit, now, leaseUntil: now + LEASE_MS, alone })
    },
    async leaseOne() {
      await harness.fill(1)
      return only(await harness.claimAt(0))
    },
    async restart() {
      await harness.storage.close()
      harness.storage = (await contract.reopen?.()) ?? harness.storage
    },
  }
  try {
    await run(harness)
  } finally {
    await harness.storage.close()
  }
}

/** The one delivery that was claimed. */
export function only(leased: LeasedDelivery[]): LeasedDelivery {
  const [first, ...others] = leased
  assertThat(first !== undefined && others.length === 0, `expected one delivery, claimed ${leased.length}`)
  return first
}
