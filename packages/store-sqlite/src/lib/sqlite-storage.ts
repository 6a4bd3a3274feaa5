import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type {
  Clock,
  DeadReason,
  LeasedDelivery,
  QueuedDelivery,
  QueueStats,
  QueueStorage,
} from '@gwh/core/queue'
import { systemClock } from '@gwh/core/queue'
import { openDatabase } from './database.ts'
import { checkStorable, type DeliveryRow, toDeadLetter, toLeased } from './delivery-row.ts'
import { type DeliveryStatements, prepareStatements } from './delivery-statements.ts'
import { createFileGuard } from './file-guard.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { checkOptionNames } from './options.ts'
import { createPurge, type Purged, type RetentionOptions } from './retention.ts'

/** What a SQLite backend of the queue needs. */
export interface SqliteStorageOptions extends RetentionOptions {
  /** The database file; created when absent, in a directory that exists. `':memory:'` for tests. */
  path: string
  /** Paces the retries while another connection holds the lock. Default: the machine's clock. */
  clock?: Clock
}

/**
 * Opens the state transitions of a queue on a SQLite file, without the workers.
 *
 * Every transition is one statement and survives a power cut once its promise resolves. Transitions that arrive
 * in one turn of the event loop share one transaction, and fail together when it fails.
 *
 * @throws WebhookConfigError `option_invalid`
 * @throws WebhookUnavailableError `store_unavailable` when the file cannot be used
 */
export function openSqliteStorage(options: SqliteStorageOptions): QueueStorage {
  checkOptionNames(options, ['path', 'clock', 'retentionMs', 'deadRetentionMs', 'onPurge'])
  const database = openDatabase(options.path)
  try {
    return createSqliteStorage(database, options)
  } catch (error) {
    database.close()
    throw error
  }
}

/** The state transitions on a database that is already open; closing them closes it. */
export function createSqliteStorage(database: DatabaseSync, options: SqliteStorageOptions): QueueStorage {
  const { onPurge } = options
  const group = createGroupCommit(database, options.clock ?? systemClock, createFileGuard(options.path))
  const statements = prepareStatements(database)
  const purge = createPurge(database, options)
  return {
    insert: (message) => insert(group, statements, message),
    async claim({ limit, now, leaseUntil }) {
      const { leased, purged } = await group.write(() => ({
        leased: claim(statements, { limit, now, leaseUntil }),
        purged: purge(now),
      }))
      report(purged, onPurge)
      return leased
    },
    ...transitions(group, statements),
    ...queries(group, statements),
    close: () => group.close(),
  }
}

async function insert(group: GroupCommit, statements: DeliveryStatements, message: QueuedDelivery) {
  checkStorable(message)
  const { key, endpoint, id, timestamp, scheme, keyId = null, jwt, receivedAt, body } = message
  const bodyBound = jwt ? Number(jwt.bodyBound) : null
  const values = [key, endpoint, id, timestamp, scheme, keyId, bodyBound, receivedAt, body, receivedAt]
  return (await group.write(() => changes(statements.insert, values))) === 1 ? 'enqueued' : 'duplicate'
}

function claim(
  statements: DeliveryStatements,
  { limit, now, leaseUntil }: { limit: number; now: number; leaseUntil: number },
): LeasedDelivery[] {
  const leased: LeasedDelivery[] = []
  while (leased.length < limit) {
    const row = statements.claim.get({ now, leaseUntil })
    if (!row) break
    leased.push(toLeased(row as unknown as Parameters<typeof toLeased>[0]))
  }
  return leased
}

function transitions(group: GroupCommit, statements: DeliveryStatements) {
  const count = (statement: StatementSync, ...values: SQLInputValue[]) =>
    group.write(() => changes(statement, values))
  const fenced = async (statement: StatementSync, ...values: SQLInputValue[]) =>
    (await count(statement, ...values)) === 1
  return {
    renew: (lease, leaseUntil) => fenced(statements.renew, leaseUntil, lease.key, lease.token),
    complete: (lease, now) => fenced(statements.complete, now, lease.key, lease.token),
    retry: (lease, dueAt) => fenced(statements.retry, dueAt, lease.key, lease.token),
    bury: (lease, reason: DeadReason, now) => fenced(statements.bury, now, reason, lease.key, lease.token),
    redrive: (keyOrAll, now) =>
      keyOrAll === 'all' ? count(statements.redriveAll, now) : count(statements.redrive, now, keyOrAll),
    purgeDead: (olderThan) => count(statements.purgeDead, olderThan),
  } satisfies Partial<QueueStorage>
}

function queries(group: GroupCommit, statements: DeliveryStatements) {
  return {
    nextDueAt: () => group.read(() => (statements.nextDue.get()?.due ?? undefined) as number | undefined),
    stats: (now) => group.read(() => readStats(statements, now)),
    listDead: (limit) =>
      group.read(() =>
        (statements.listDead.all(limit) as unknown as Parameters<typeof toDeadLetter>[0][]).map(toDeadLetter),
      ),
  } satisfies Partial<QueueStorage>
}

function readStats(statements: DeliveryStatements, now: number): QueueStats {
  const rows = statements.count.all() as unknown as { state: string; deliveries: number }[]
  const counts = new Map(rows.map((row) => [row.state, row.deliveries]))
  const oldest = statements.oldestWaiting.get()?.oldest as DeliveryRow['received_at'] | null
  return {
    pending: counts.get('pending') ?? 0,
    running: counts.get('running') ?? 0,
    retrying: counts.get('retrying') ?? 0,
    dead: counts.get('dead') ?? 0,
    done: counts.get('done') ?? 0,
    oldestPendingMs: oldest === null ? 0 : Math.max(0, now - oldest),
  }
}

function changes(statement: StatementSync, values: SQLInputValue[]): number {
  return Number(statement.run(...values).changes)
}

function report(purged: Purged | undefined, onPurge: RetentionOptions['onPurge']): void {
  if (purged && purged.done + purged.dead > 0) onPurge?.(purged)
}
