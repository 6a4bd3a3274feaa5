import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@gwh/core/queue'
import { takeOverCheckpoints } from './checkpoints.ts'
import { openCommitCounter } from './commit-counter.ts'
import { createFileGuard } from './file-guard.ts'
import type { GroupHooks } from './group.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'

/**
 * Starts a group commit that acknowledges nothing its files would not keep: they are still the ones that were
 * opened, and each commit is noted so that its loss would be noticed.
 *
 * @param hooks Told of each transaction besides
 */
export function createDurableGroup(
  database: DatabaseSync,
  path: string,
  clock: Clock,
  hooks: GroupHooks = {},
): GroupCommit {
  const checkFiles = createFileGuard(path)
  const counter = openCommitCounter(database, path)
  const checkpoints = takeOverCheckpoints(database, path)
  return createGroupCommit(
    database,
    clock,
    {
      ...hooks,
      committing() {
        hooks.committing?.()
        counter.count()
      },
    },
    {
      ready: checkpoints.ready,
      committed(changes, bytes) {
        checkFiles()
        counter.acknowledge()
        checkpoints.committed(changes, bytes)
      },
      async closing() {
        await checkpoints.close()
        counter.closing()
      },
      closed: counter.closed,
    },
  )
}
