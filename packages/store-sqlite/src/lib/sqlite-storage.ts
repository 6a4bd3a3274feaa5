import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { WebhookUnavailableError } from '@gwh/core/errors'
import type {
  Clock,
  DeadReason,
  Effect,
  Lease,
  LeasedDelivery,
  QueuedDelivery,
  QueueStats,
  QueueStorage,
} from '@gwh/core/queue'
import { systemClock } from '@gwh/core/queue'
import { type Capacity, type CapacityOptions, createCapacity } from './capacity.ts'
import { openDatabase } from './database.ts'
import { checkStorable, checksum, type DeliveryRow, hashKey, toDeadLetter, toLeased } from './delivery-row.ts'
import { type DeliveryStatements, prepareStatements } from './delivery-statements.ts'
import { createDurableGroup } from './durable-group.ts'
import { type Completion, prepareCompletion } from './effects.ts'
import type { GroupHooks } from './group.ts'
import type { GroupCommit } from './group-commit.ts'
import { createKeyIndex, type KeyIndex } from './key-index.ts'
import { checkOptionNames } from './options.ts'
import { createPurge, type Purged, type RetentionOptions } from './retention.ts'

const OPTION_NAMES = [
  'path',
  'clock',
  'retentionMs',
  'deadRetentionMs',
  'onPurge',
  'maxPending',
  'minFreeBytes',
]

/** What a SQLite backend of the queue needs. */
export interface SqliteStorageOptions extends RetentionOptions, CapacityOptions {
  /**
   * The database file; created when absent, in a directory that exists. `':memory:'` for tests. SQLite keeps
   * `-wal` and `-shm` beside it, and this package `-acked`, by which it notices when acknowledged deliveries
   * were lost.
   */
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
 * @throws WebhookUnavailableError `store_corrupt` or `store_unavailable` when the file cannot be used
 */
export function openSqliteStorage(options: SqliteStorageOptions): QueueStorage {
  checkOptionNames(options, OPTION_NAMES)
  const database = openDatabase(options.path)
  try {
    return createSqliteStorage(database, options)
  } catch (error) {
    database.close()
    throw error
  }
}

/** The state transitions on a database that is already open; closing them closes it. */
export function createSqliteStorage(
  database: DatabaseSync,
  options: SqliteStorageOptions,
  { runLength }: { runLength?: number } = {},
): QueueStorage {
  const { clock = systemClock, onPurge } = options
  const capacity = createCapacity(database, clock, options)
  const keys = createKeyIndex(database, runLength)
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
  const table: Table = {
    group: createDurableGroup(database, options.path, clock, hooks),
    statements: prepareStatements(database),
    capacity,
    keys,
  }
  const purge = createPurge(database, options)
  return {
    insert: (message) => insert(table, message),
    async claim(terms) {
      const { leased, purged } = await table.group.write(() => ({
        leased: claim(table, terms),
        purged: purge(terms.now),
      }))
      report(purged, onPurge)
      return leased
    },
    ...transitions(table),
    transactional: true,
    complete: prepareComplete(database, table),
    ...queries(table),
    isFull: capacity.isFull,
    close: () => table.group.close(),
  }
}

interface Table {
  group: GroupCommit
  statements: DeliveryStatements
  capacity: Capacity
  keys: KeyIndex
}

async function insert({ group, statements, capacity, keys }: Table, message: QueuedDelivery) {
  checkStorable(message)
  const { key, endpoint, id, timestamp, scheme, keyId = null, jwt, receivedAt, body } = message
  const bodyBound = jwt ? Number(jwt.bodyBound) : null
  const hash = hashKey(key)
  const sum = checksum(message)
  const apply = (): 'enqueued' | 'duplicate' | { refusal: string } => {
    const refusal = capacity.refusal()
    // What is known already needs no room, and its sender need not try again.
    if (keys.find(hash, key) !== undefined) return 'duplicate'
    if (refusal !== undefined) return { refusal }
    const content = [key, endpoint, id, timestamp, scheme, keyId, bodyBound, receivedAt, body] as const
    const { lastInsertRowid } = statements.insert.run(hash, ...content, sum)
    keys.added(hash, Number(lastInsertRowid))
    capacity.waitingChanged(1)
    return 'enqueued'
  }
  const outcome = await group.write(apply, body.byteLength)
  if (typeof outcome === 'string') return outcome
  throw new WebhookUnavailableError('overloaded', `the queue takes no more now: ${outcome.refusal}`)
}

type ClaimTerms = Parameters<QueueStorage['claim']>[0]

function claim(
  { statements, capacity }: Table,
  { limit, now, leaseUntil, alone = true }: ClaimTerms,
): LeasedDelivery[] {
  if (statements.hasSuspect.get({ now })) {
    const quarantined = alone ? statements.claimQuarantined.get({ now, leaseUntil }) : undefined
    return quarantined ? [{ ...toClaimed(quarantined), quarantined: true }] : []
  }
  const leased: LeasedDelivery[] = []
  while (leased.length < limit) {
    const row = statements.claim.get({ now, leaseUntil })
    if (!row) break
    const one = toClaimed(row)
    leased.push(one)
    // Later attempts may have been waiting, or left behind by a worker that vanished.
    if (one.attempt === 1) capacity.waitingChanged(-1)
    else capacity.waitingChangedAtMost(0)
  }
  return leased
}

function toClaimed(row: Record<string, unknown>): LeasedDelivery {
  return toLeased(row as unknown as Parameters<typeof toLeased>[0])
}

function transitions(table: Table) {
  const { group, statements, capacity, keys } = table
  const fenced = (lease: Lease, statement: StatementSync, ...values: SQLInputValue[]) =>
    group.write(() => settle(table, lease, statement, ...values))
  return {
    renew: (lease, leaseUntil) => fenced(lease, statements.renew, leaseUntil),
    retry: (lease, dueAt) =>
      group.write(() => {
        const kept = settle(table, lease, statements.retry, dueAt)
        if (kept) capacity.waitingChanged(1)
        return kept
      }),
    deadLetter: (lease, reason: DeadReason, now) => fenced(lease, statements.bury, now, reason),
    redrive: (keyOrAll, now) =>
      group.write(() => {
        const redriven =
          keyOrAll === 'all'
            ? changes(statements.redriveAll, now)
            : changes(statements.redrive, now, keys.find(hashKey(keyOrAll), keyOrAll) ?? null)
        capacity.waitingChanged(redriven)
        return redriven
      }),
    purgeDead: (olderThan) => group.write(() => changes(statements.purgeDead, olderThan)),
  } satisfies Partial<QueueStorage>
}

function prepareComplete(database: DatabaseSync, table: Table) {
  const completion = prepareCompletion(database)
  return async (lease: Lease, now: number, effects: readonly Effect[] = []): Promise<boolean> => {
    const update = () => settle(table, lease, table.statements.complete, now)
    const outcome: Completion = await table.group.write(() => completion(update, effects))
    if ('failure' in outcome) throw outcome.failure
    return outcome.kept
  }
}

function queries({ group, statements }: Table) {
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

/** Runs a fenced statement; tells whether the lease still held. */
function settle(
  { keys }: Table,
  lease: Lease,
  statement: StatementSync,
  ...values: SQLInputValue[]
): boolean {
  const seq = keys.find(hashKey(lease.key), lease.key)
  return seq !== undefined && changes(statement, ...values, seq, lease.token) === 1
}

function changes(statement: StatementSync, ...values: SQLInputValue[]): number {
  return Number(statement.run(...values).changes)
}

function report(purged: Purged | undefined, onPurge: RetentionOptions['onPurge']): void {
  if (purged && purged.done + purged.dead > 0) onPurge?.(purged)
}
