import { statSync } from 'node:fs'
import { WebhookUnavailableError } from '@gwh/core/errors'
import { MEMORY_PATH } from './database.ts'

/**
 * Returns a check that throws once the open database file is no longer the one at its path.
 *
 * SQLite goes on writing to a file that was deleted or replaced while open, and what it commits there is lost.
 */
export function createFileGuard(path: string): () => void {
  if (path === MEMORY_PATH) return () => {}
  const opened = identity(path)
  return () => {
    if (opened !== undefined && identity(path) === opened) return
    throw new WebhookUnavailableError(
      'store_unavailable',
      'the database file was deleted or replaced while open',
    )
  }
}

function identity(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}
