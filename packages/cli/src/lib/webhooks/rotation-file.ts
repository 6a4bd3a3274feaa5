import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FOLDER, makeFolder } from '../project/dev-settings.ts'
import { CliError } from '../shared/cli-error.ts'
import { writePrivately } from '../shared/files.ts'

/** A rotation under way, as it is kept between two runs. */
export interface Rotation {
  /**
   * `requested`: the API was asked, and its answer is not known. `received`: the new secret is here and not yet in the
   * file. `overlap`: both are in the file, until the old one ends.
   */
  readonly stage: 'requested' | 'received' | 'overlap'
  /** The file with the secrets, and the variable in it. */
  readonly file: string
  readonly variable: string
  /** The new secret, while `received`. */
  readonly secret?: string
  /** The secrets from before in short form, `whsec_...` and four characters. */
  readonly previous: readonly string[]
  /** When those end, in epoch milliseconds. */
  readonly previousUntil?: number
}

const NAME = 'rotations.json'

type Rotations = Readonly<Record<string, Rotation>>

/** Reads the rotation of a webhook; `undefined` if none is under way. */
export async function readRotation(cwd: string, webhook: string): Promise<Rotation | undefined> {
  return (await readAll(cwd))[webhook]
}

/** Keeps a rotation, readable by the file's owner only, or forgets it. */
export async function writeRotation(
  cwd: string,
  webhook: string,
  rotation: Rotation | undefined,
): Promise<void> {
  const { [webhook]: _, ...others } = await readAll(cwd)
  const file = join(await makeFolder(cwd), NAME)
  const all = rotation === undefined ? others : { ...others, [webhook]: rotation }
  await writePrivately(file, `${JSON.stringify(all, null, 2)}\n`)
}

async function readAll(cwd: string): Promise<Rotations> {
  const file = join(cwd, FOLDER, NAME)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Rotations
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CliError('config', `${file} cannot be read`, { cause })
  }
}
