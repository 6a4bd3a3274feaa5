import type { DeliveryQueue, LeasedDelivery, QueueStorage } from '@gwh/core/queue'
import { createStoredQueue } from '@gwh/core/queue'
import type { IdempotencyStore } from '@gwh/core/store'
import type { NodeRedisLike } from '@gwh/store-redis'
import { openSqliteStorage } from '@gwh/store-sqlite'
import { openBackend, openRedisStore } from './backends.ts'
import { withDatabase } from './database.ts'
import type { MutantName, ReceiverSettings } from './settings.ts'

const COMMIT_LATER_MS = 10

/** Opens a backend with a deliberate mistake. */
export async function openMutant(
  { backend }: ReceiverSettings,
  mutant: MutantName,
): Promise<{ queue: DeliveryQueue } | { store: IdempotencyStore }> {
  if (mutant === 'error-is-new' && backend.kind === 'redis') {
    return { store: errorIsNew(await openRedisStore(backend.url)) }
  }
  if (mutant === 'unaware' && backend.kind === 'redis') {
    return { store: await openRedisStore(backend.url, unaware) }
  }
  const change = STORAGE_CHANGES[mutant]
  if (change && backend.kind === 'sqlite') {
    return { queue: createStoredQueue(change(openSqliteStorage({ path: backend.path }), backend.path)) }
  }
  const opened = await openBackend(backend)
  return 'queue' in opened ? { queue: ackBeforeCommit(opened.queue) } : opened
}

const STORAGE_CHANGES: Partial<Record<MutantName, (storage: QueueStorage, path: string) => QueueStorage>> = {
  'late-count': lateCount,
  unfenced,
  together,
  careless,
}

/** Acknowledges a delivery before it is durable. */
function ackBeforeCommit(queue: DeliveryQueue): DeliveryQueue {
  return {
    ...queue,
    async enqueue(message) {
      setTimeout(() => queue.enqueue(message).catch(() => {}), COMMIT_LATER_MS)
      return 'enqueued'
    },
  }
}

/** Treats a store that cannot answer as one that does not know the delivery. */
function errorIsNew(store: IdempotencyStore): IdempotencyStore {
  return {
    claim: (key, deadlines) =>
      store.claim(key, deadlines).catch(() => ({ status: 'claimed', key, token: 'none', attempt: 1 })),
    complete: (claim) => store.complete(claim).catch(() => true),
    release: (claim) => store.release(claim).catch(() => true),
  }
}

/** Does not notice that the client has connected again. */
function unaware(client: NodeRedisLike): NodeRedisLike {
  return {
    sendCommand: (...command) => client.sendCommand(...command),
    on: (event, listener) => event === 'error' && client.on?.(event, listener),
  }
}

/** Counts an attempt when it is settled, so that an attempt that kills its process never counts. */
function lateCount(storage: QueueStorage, path: string): QueueStorage {
  return {
    ...storage,
    async claim(options) {
      const claimed = await storage.claim(options)
      withDatabase(path, (database) => {
        const uncount = database.prepare('UPDATE gwh_deliveries SET attempts = attempts - 1 WHERE key = ?')
        for (const { key } of claimed) uncount.run(key)
      })
      return claimed
    },
    async retry(lease, dueAt, now, history) {
      withDatabase(path, (database) => {
        database.prepare('UPDATE gwh_deliveries SET attempts = attempts + 1 WHERE key = ?').run(lease.key)
      })
      return await storage.retry(lease, dueAt, now, history)
    },
  }
}

/** Claims crash-loop suspects together with other deliveries. */
function together(storage: QueueStorage): QueueStorage {
  return {
    ...storage,
    async claim(options) {
      const all: LeasedDelivery[] = []
      while (all.length < options.limit) {
        const claimed = await storage.claim({ ...options, limit: options.limit - all.length, alone: true })
        if (claimed.length === 0) break
        for (const { quarantined: _, ...one } of claimed) all.push(one)
      }
      return all
    },
  }
}

/** Accepts every completion, no matter who holds the lease: a storage without fencing. */
export function unfenced(storage: QueueStorage, path: string): QueueStorage {
  return {
    ...storage,
    async complete({ key }) {
      return withDatabase(path, (database) => {
        const { changes } = database
          .prepare(`UPDATE gwh_deliveries SET state = 'done' WHERE key = ?`)
          .run(key)
        return changes === 1
      })
    },
  }
}

/** Releases a claim although another owner holds the key by now. */
export function unfencedRelease(
  store: IdempotencyStore,
  forget: (key: string) => Promise<boolean>,
): IdempotencyStore {
  return { ...store, release: ({ key }) => forget(key) }
}

/** Treats a lease without time left as one without an end. */
export function endless(storage: QueueStorage): QueueStorage {
  return {
    ...storage,
    claim: (terms) =>
      storage.claim({
        ...terms,
        leaseUntil: terms.leaseUntil - terms.now ? terms.leaseUntil : Number.MAX_VALUE,
      }),
  }
}

/** Forgets every delivery an hour after it was claimed. */
export function forgetful(store: IdempotencyStore, now: () => number): IdempotencyStore {
  const HOUR_MS = 3_600_000
  return {
    ...store,
    claim: (key, { leaseUntil }) => store.claim(key, { leaseUntil, expiresAt: now() + HOUR_MS }),
  }
}

/** Waits for any time in the future, however far. */
export function patient(storage: QueueStorage, path: string): QueueStorage {
  return {
    ...storage,
    async claim(terms) {
      withDatabase(path, (database) => {
        database.exec('UPDATE gwh_file SET longest_lease = 1e15, longest_wait = 1e15')
      })
      return await storage.claim(terms)
    },
  }
}

/** Purges by the clock, however far it has jumped. */
export function credulous(storage: QueueStorage, path: string): QueueStorage {
  return {
    ...storage,
    async claim(terms) {
      withDatabase(path, (database) => {
        database.prepare('UPDATE gwh_file SET clock_at = ?, clock_jumped_to = NULL').run(terms.now)
      })
      return await storage.claim(terms)
    },
  }
}

/** Renews nothing, and claims what is running in its own process. */
function careless(storage: QueueStorage): QueueStorage {
  return {
    ...storage,
    renew: async () => true,
    claim: ({ exclude: _, ...terms }) => storage.claim(terms),
  }
}
