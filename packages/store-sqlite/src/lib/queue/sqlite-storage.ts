import { checkNames } from '@gwh/core/options'
import { type Clock, type QueueStorage, systemClock } from '@gwh/core/queue'
import { createDurableGroup, startCheckpoints } from '../commit/durable-group.ts'
import type { GroupHooks } from '../commit/write-group.ts'
import { type DatabaseOptions, type OpenConnection, withConnection } from '../database/connection.ts'
import { prepareSpan } from '../database/file-memory.ts'
import { claim } from '../deliveries/claim.ts'
import { createQueries } from '../deliveries/delivery-queries.ts'
import { prepareStatements } from '../deliveries/delivery-statements.ts'
import { enqueue } from '../deliveries/enqueue.ts'
import { createKeyIndex } from '../deliveries/key-index.ts'
import type { StorageParts } from '../deliveries/storage-parts.ts'
import { createTransitions } from '../deliveries/transitions.ts'
import { type CapacityOptions, createCapacity } from '../limits/capacity.ts'
import { createPurge, type Purged, type RetentionOptions, toRetention } from '../limits/retention.ts'

const OPTION_NAMES = [
  'path',
  'mustExist',
  'database',
  'clock',
  'retentionMs',
  'deadRetentionMs',
  'retainBodies',
  'onPurge',
  'maxPending',
  'minFreeBytes',
  'maxLogBytes',
  'onLogFull',
]

/** Options of a SQLite backend of the queue. */
export type SqliteStorageOptions = DatabaseOptions &
  RetentionOptions &
  CapacityOptions & {
    /** The clock of purges and of waits for locks. Default: the machine's clock. */
    clock?: Clock
  }

/**
 * Opens the state transitions of a queue on a SQLite file, without the workers.
 *
 * Every transition is one statement and survives a power cut once its promise resolves. Transitions that arrive
 * in one turn of the event loop share one transaction, and fail together when it fails.
 *
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookUnavailableError `store_corrupt` or `store_unavailable` when the file cannot be used
 */
export function openSqliteStorage(options: SqliteStorageOptions): QueueStorage {
  checkNames(options, OPTION_NAMES, 'the SQLite queue')
  return withConnection(options, (connection) => createSqliteStorage(connection, options))
}

/** Options of a storage on an open connection. */
export interface StorageSettings extends RetentionOptions, CapacityOptions {
  clock?: Clock
  /** How many keys the index merges at a time; see `createKeyIndex`. */
  runLength?: number
}

/** Makes the state transitions on a connection that is ready for use. Closing them closes it unless it was given. */
export function createSqliteStorage(
  connection: OpenConnection,
  settings: StorageSettings = {},
): QueueStorage {
  const { database } = connection
  const { clock = systemClock, onPurge } = settings
  const retention = toRetention(settings)
  const parts = createParts(connection, clock, settings, retention.bodyMs !== undefined)
  const { capacity, group } = parts
  const purge = createPurge(database, clock, retention)
  return {
    insert: (message) => enqueue(parts, message),
    async claim(terms) {
      const { leased, purged } = await group.write(() => ({
        leased: claim(parts, terms),
        purged: purge(terms.now),
      }))
      report(purged, onPurge)
      return leased
    },
    ...createTransitions(database, parts),
    transactional: true,
    ...createQueries(database, parts),
    isFull: capacity.isFull,
    whyFull: capacity.whyFull,
    close: () => group.close(),
  }
}

function createParts(
  connection: OpenConnection,
  clock: Clock,
  settings: StorageSettings,
  retainsBodies: boolean,
): StorageParts {
  const { database, path } = connection
  const checkpoints = startCheckpoints(connection)
  const capacity = createCapacity(database, clock, path, { ...settings, shrinkLog: checkpoints.shrink })
  const keys = createKeyIndex(database, settings.runLength)
  const hooks: GroupHooks = {
    begun() {
      capacity.begun()
      keys.begun()
    },
    committing: keys.merge,
    failed() {
      capacity.rolledBack()
      keys.rolledBack()
    },
  }
  return {
    group: createDurableGroup(connection, clock, hooks, checkpoints),
    statements: prepareStatements(database),
    capacity,
    keys,
    leases: prepareSpan(database, 'longest_lease'),
    waits: prepareSpan(database, 'longest_wait'),
    retainsBodies,
  }
}

function report(purged: Purged | undefined, onPurge: RetentionOptions['onPurge']): void {
  if (purged && purged.done + purged.dead > 0) onPurge?.(purged)
}
