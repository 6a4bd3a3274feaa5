import { lstatSync, readdirSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { notFound } from '../http/body.ts'
import { EmulatorError } from '../shared/errors.ts'

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
 * behind. Pass it to {@link checkFolder} first. Without `directory`, makes a temporary one. Touches no disk before the
 * first use.
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

// Says that a directory is ours, so that nobody else's files are deleted.
const MARK = '.gwh-emulator'

/**
 * Refuses a directory that {@link openFolder} must not use: a link, which could lead anywhere, or one with files that
 * no emulator has marked as its own.
 *
 * @throws EmulatorError `state_unusable`
 */
export function checkFolder(directory: string): void {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (found === undefined) return
  const names = found.isDirectory() ? readdirSync(directory) : undefined
  if (names?.length === 0 || names?.includes(MARK)) return
  throw new EmulatorError('state_unusable', `${directory} is not a directory of an emulator`)
}

async function reopen(directory: string, keep: Iterable<string>): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(join(directory, MARK), '')
  await chmod(directory, 0o700)
  const kept = new Set(keep)
  for (const name of await readdir(directory)) {
    if (OUR_NAMES.test(name) && !kept.has(name)) await rm(join(directory, name), { force: true })
  }
  return directory
}
