import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A path for a database file in a directory of its own, deleted with all that is in it when the test ends. */
export function temporaryFile(name = 'queue.db'): string {
  const directory = mkdtempSync(join(tmpdir(), 'gwh-sqlite-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, name)
}
