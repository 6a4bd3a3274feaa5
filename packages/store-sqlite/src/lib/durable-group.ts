import type { Clock } from '@gwh/core/queue'
import { type Checkpoints, leaveCheckpoints, takeOverCheckpoints } from './checkpoints.ts'
import { openCommitCounter } from './commit-counter.ts'
import type { OpenConnection } from './connection.ts'
import { createFileGuard } from './file-guard.ts'
import type { GroupHooks } from './group.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'

/**
 * Starts a group commit that acknowledges nothing its files would not keep: they are still the ones that were
 * opened, and each commit is noted so that its loss would be noticed.
 *
 * @param hooks Called during each transaction as well
 */
export function createDurableGroup(
  { database, path, given }: OpenConnection,
  clock: Clock,
  hooks: GroupHooks = {},
  checkpoints: Checkpoints = startCheckpoints({ database, path, given }),
): GroupCommit {
  const checkFiles = createFileGuard(path)
  const counter = openCommitCounter(database, path)
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
      keepOpen: given,
      closed: () => counter.closed(!given),
    },
  )
}

/** Takes the checkpoints over from a connection of ours, and leaves those of the caller's where they are. */
export function startCheckpoints({ database, path, given }: OpenConnection): Checkpoints {
  // The caller's own transactions are not counted, but must be written back too.
  return given ? leaveCheckpoints(database) : takeOverCheckpoints(database, path)
}
