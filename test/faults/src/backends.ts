import type { DeliveryQueue } from '@gwh/core/queue'
import type { IdempotencyStore } from '@gwh/core/store'
import type { NodeRedisLike } from '@gwh/store-redis'
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

/** A store on a client that connects when it can. `change` may put something between the two. */
export async function openRedisStore(
  url: string,
  change: (client: NodeRedisLike) => NodeRedisLike = (client) => client,
): Promise<IdempotencyStore> {
  const { createClient } = await import('redis')
  const { createRedisStore } = await import('@gwh/store-redis')
  const client = createClient({ url, socket: { reconnectStrategy: RECONNECT_MS } })
  const store = createRedisStore({ client: change(client) })
  // A Redis that is down must not keep a receiver from starting.
  client.connect().catch(() => {})
  return store
}
