import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFolder } from './dev-settings.ts'

/**
 * Keeps a secret that the API shows once and that could not go where the user wanted it: in a new file, which its owner
 * alone can read, in the folder of the project, the user's or the system's.
 *
 * @returns the path of the file, or `undefined` if none could be written
 */
export async function rescueSecret(cwd: string, name: string, secret: string): Promise<string | undefined> {
  for (const findFolder of [() => makeFolder(cwd), homedir, tmpdir]) {
    try {
      const path = join(await findFolder(), `gwh-secret-${randomUUID()}.env`)
      await writeFile(path, `${name}=${secret}\n`, { mode: 0o600, flag: 'wx', flush: true })
      return path
    } catch {
      // The next folder may be on another disk.
    }
  }
  return undefined
}
