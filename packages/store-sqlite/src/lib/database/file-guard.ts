import { statSync } from 'node:fs'
import { WebhookUnavailableError } from '@gwh/core/errors'
import { MEMORY_PATH } from './memory-path.ts'

/**
 * Returns a check that throws once an open file of the database is no longer the one at its path.
 *
 * SQLite keeps writing to a file that was deleted or replaced while open, and what it commits there is lost. Its
 * log and the index of its log are deleted only by the last connection that closes.
 */
export function createFileGuard(path: string): () => void {
  if (path === MEMORY_PATH) return () => {}
  const files = [path, `${path}-wal`, `${path}-shm`].map((file) => ({ file, opened: identity(file) }))
  // With an exclusive lock there is no index; the others must exist once the database was written to.
  const present = files.filter(({ file, opened }) => opened !== undefined || !file.endsWith('-shm'))
  return () => {
    for (const { file, opened } of present) {
      if (opened !== undefined && identity(file) === opened) continue
      throw new WebhookUnavailableError('store_unavailable', `${file} was deleted or replaced while open`)
    }
  }
}

function identity(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}
