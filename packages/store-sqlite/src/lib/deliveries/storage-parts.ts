import type { SQLInputValue, StatementSync } from 'node:sqlite'
import type { Lease, LongestSpan } from '@gwh/core/queue'
import type { GroupCommit } from '../commit/group-commit.ts'
import type { Capacity } from '../limits/capacity.ts'
import { hashKey, type RowLease } from './delivery-row.ts'
import type { DeliveryStatements } from './delivery-statements.ts'
import type { KeyIndex } from './key-index.ts'

/** What the transitions of a SQLite queue share. */
export interface StorageParts {
  group: GroupCommit
  statements: DeliveryStatements
  capacity: Capacity
  keys: KeyIndex
  /** The longest lease that any process has requested. */
  leases: LongestSpan
  /** The longest wait for a retry that any process has requested. */
  waits: LongestSpan
  /** Whether handled deliveries keep their bodies. */
  retainsBodies: boolean
}

/** Runs a fenced statement. Returns whether the lease was still valid. */
export function settle(
  { keys }: StorageParts,
  lease: Lease & RowLease,
  statement: StatementSync,
  ...values: SQLInputValue[]
): boolean {
  const seq = lease.seq ?? keys.find(hashKey(lease.key), lease.key)
  return seq !== undefined && changes(statement, ...values, seq, lease.token) === 1
}

/** Runs a statement and returns how many rows it changed. */
export function changes(statement: StatementSync, ...values: SQLInputValue[]): number {
  return Number(statement.run(...values).changes)
}
