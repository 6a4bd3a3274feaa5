import type { DeliveryQueue } from '@gwh/core/queue'
import { createStoredQueue } from '@gwh/core/queue'
import { openSqliteStorage, type SqliteStorageOptions } from './sqlite-storage.ts'

/** Options of a SQLite queue. */
export type SqliteQueueOptions = SqliteStorageOptions & {
  /** Returns a number in [0, 1), which spreads the waits before retries. Default `Math.random`. */
  random?: () => number
}

/**
 * Opens a durable queue of deliveries on a SQLite file.
 *
 * A delivery is acknowledged only after a commit that survives a power cut. Several processes of one machine may
 * share the file, unless SQLite is older than 3.51.3; it must not lie on a network file system. All its tables are
 * named `gwh_…`, so the file may be your application's own.
 *
 * @example
 * ```ts
 * const queue = createSqliteQueue({ path: 'webhooks.db' })
 * const receiver = createReceiver({ static: { secrets }, queue })
 * ```
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookUnavailableError `store_corrupt` when the file is damaged or has another schema,
 *   `store_unavailable` when it is locked or read-only
 */
export function createSqliteQueue(options: SqliteQueueOptions): DeliveryQueue {
  const { random, ...storage } = options
  const { clock } = options
  return createStoredQueue(openSqliteStorage(storage), { ...(clock && { clock }), ...(random && { random }) })
}
