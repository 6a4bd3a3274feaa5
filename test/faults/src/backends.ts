import type { DeliveryQueue } from '@gwh/core/queue'
import type { IdempotencyStore } from '@gwh/core/store'
import type { ReceiverSettings } from './settings.ts'

const RECONNECT_MS = 50

/** Opens the store or queue of a receiver. */
export async function openBackend(
  backend: ReceiverSettings['backend'],
): Promise<{ queue: DeliveryQueue } | { store: IdempotencyStore }> {
  if (backend.kind === 'redis') return { store: await openRedisStore(backend.url) }
  if (backend.kind === 'sqlite') {
    const { createSqliteQueue } = await import('@gwh/store-sqlite')
    const { kind, ...options } = backend
    return { queue: createSqliteQueue(options) }
  }
  const { createBullmqQueue } = await import('@gwh/bullmq')
  const { url: connection, allowVolatile = false } = backend
  return { queue: createBullmqQueue({ connection, allowVolatile }) }
}

/** A store on a client that connects when it can. */
export async function openRedisStore(url: string): Promise<IdempotencyStore> {
  const { createClient } = await import('redis')
  const { createRedisStore } = await import('@gwh/store-redis')
  const client = createClient({ url, socket: { reconnectStrategy: RECONNECT_MS } })
  const store = createRedisStore({ client })
  // A Redis that is down must not keep a receiver from starting.
  client.connect().catch(() => {})
  return store
}
