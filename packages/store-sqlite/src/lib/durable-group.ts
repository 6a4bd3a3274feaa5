import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@gwh/core/queue'
import { createFileGuard } from './file-guard.ts'
import { createGroupCommit, type GroupCommit, type GroupHooks } from './group-commit.ts'
import { openLedger } from './ledger.ts'

/**
 * Starts a group commit that acknowledges nothing its files would not keep: they must still be the ones that were
 * opened, and each commit is noted so that its loss would be noticed.
 *
 * @param hooks Told of each transaction besides
 */
export function createDurableGroup(
  database: DatabaseSync,
  path: string,
  clock: Clock,
  hooks: Pick<GroupHooks, 'begun' | 'failed'> = {},
): GroupCommit {
  const checkFiles = createFileGuard(path)
  const ledger = openLedger(database, path)
  return createGroupCommit(database, clock, {
    ...hooks,
    committing: ledger.count,
    committed() {
      checkFiles()
      ledger.acknowledge()
    },
    closing: ledger.closing,
    closed: ledger.closed,
  })
}
