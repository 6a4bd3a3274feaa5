import type { Clock } from '@gwh/core/queue'
import { openCommitCounter } from '../database/commit-counter.ts'
import type { OpenConnection } from '../database/connection.ts'
import { checkDurability } from '../database/database.ts'
import { createFileGuard } from '../database/file-guard.ts'
import { type Checkpoints, leaveCheckpoints, takeOverCheckpoints } from './checkpoints.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import type { GroupHooks } from './write-group.ts'

/**
 * Starts a group commit that acknowledges only what its files keep: after each commit it checks that they are still
 * the ones it opened, and counts the commit, so that its loss would be detected.
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
        // The application may have changed its own connection since.
        if (given) checkDurability(database)
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

/** Takes over the checkpoints of a connection of ours; a connection of the caller's keeps its own. */
export function startCheckpoints({ database, path, given }: OpenConnection): Checkpoints {
  // The caller's own transactions are not counted, but must be written back too.
  return given ? leaveCheckpoints(database) : takeOverCheckpoints(database, path)
}
