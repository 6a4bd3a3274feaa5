import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notFound } from '../http/body.ts'

// What this module's users call their files. An imported record may name something else, even outside the directory.
const OUR_NAMES = /^[a-z0-9-]+(\.part)?$/

/** The directory that files' bytes are in, which only this user may enter. */
export interface Folder {
  /** The path of a file in it; makes the directory first if need be. `not_found` when nothing in it has such a name. */
  path(name: string): Promise<string>
  remove(name: string): Promise<void>
  /** Deletes the directory, unless it was given. */
  close(): Promise<void>
}

/**
 * Opens `directory`, and deletes files in it that are not in `keep`: an interrupted process may have left parts
 * behind. Without `directory`, makes a temporary one. Touches no disk before the first use.
 */
export function openFolder(directory: string | undefined, keep: () => Iterable<string>): Folder {
  let opened: Promise<string> | undefined
  const folder = () => {
    opened ??= directory === undefined ? mkdtemp(join(tmpdir(), 'gwh-emulator-')) : reopen(directory, keep())
    return opened
  }
  async function path(name: string): Promise<string> {
    if (OUR_NAMES.test(name)) return join(await folder(), name)
    throw notFound('File')
  }

  return {
    path,
    remove: async (name) => rm(await path(name), { force: true }),
    async close() {
      const path = await opened
      if (path !== undefined && directory === undefined) await rm(path, { recursive: true, force: true })
    },
  }
}

async function reopen(directory: string, keep: Iterable<string>): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const kept = new Set(keep)
  for (const name of await readdir(directory)) {
    if (OUR_NAMES.test(name) && !kept.has(name)) await rm(join(directory, name), { force: true })
  }
  return directory
}
