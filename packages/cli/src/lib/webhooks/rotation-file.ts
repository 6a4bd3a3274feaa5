import { constants, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
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

/** Where rotations are kept, relative to the project. */
export const ROTATIONS = join(FOLDER, NAME)

type Rotations = Readonly<Record<string, Rotation>>

/**
 * Keeps other processes from rotating in this project meanwhile: of two at once, one would forget what the other keeps.
 *
 * @throws CliError when another one is at work
 */
export async function withRotations<Result>(cwd: string, work: () => Promise<Result>): Promise<Result> {
  const path = join(await makeFolder(cwd), 'rotations.lock')
  const { DatabaseSync } = await import('node:sqlite')
  await makeFile(path)
  // The system releases SQLite's lock when the process ends, however it ends.
  const lock = new DatabaseSync(path, { timeout: 0 })
  try {
    acquire(lock)
    return await work()
  } finally {
    lock.close()
  }
}

/** A link in a project that was cloned could lead anywhere. */
async function makeFile(path: string): Promise<void> {
  const { O_CREAT, O_RDWR, O_NOFOLLOW = 0 } = constants
  const file = await open(path, O_CREAT | O_RDWR | O_NOFOLLOW, 0o600).catch((cause: unknown) => {
    throw new CliError('config', `${FOLDER}/rotations.lock cannot be made`, { hint: 'Delete it.', cause })
  })
  await file.close()
}

function acquire(lock: DatabaseSync): void {
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    const isBusy = (cause as { errcode?: number }).errcode === SQLITE_BUSY
    const why = isBusy
      ? 'another `gwh webhooks rotate` runs in this folder'
      : `${FOLDER}/rotations.lock is damaged`
    const hint = isBusy ? 'Run this one when it has ended.' : 'Delete it.'
    throw new CliError('config', why, { hint, cause })
  }
}

/** @see https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5

/** Reads the rotation of a webhook; `undefined` if none is under way. */
export async function readRotation(cwd: string, webhook: string): Promise<Rotation | undefined> {
  const all = await readAll(cwd)
  return Object.hasOwn(all, webhook) ? all[webhook] : undefined
}

/** Keeps a rotation, readable by the file's owner only, or forgets it. */
export async function writeRotation(
  cwd: string,
  webhook: string,
  rotation: Rotation | undefined,
): Promise<void> {
  const { [webhook]: _, ...others } = await readAll(cwd)
  const all = rotation === undefined ? others : { ...others, [webhook]: rotation }
  try {
    await writePrivately(join(await makeFolder(cwd), NAME), `${JSON.stringify(all, null, 2)}\n`)
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError('config', `${ROTATIONS} cannot be written (${code})`, { cause })
  }
}

async function readAll(cwd: string): Promise<Rotations> {
  try {
    const all: unknown = JSON.parse(await readFile(join(cwd, ROTATIONS), 'utf8'))
    if (isRecord(all) && Object.values(all).every(isRotation)) return all as Rotations
    throw new CliError('config', `${ROTATIONS} is damaged`, {
      hint: 'See what is left in it, and delete it.',
    })
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CliError('config', `${ROTATIONS} cannot be read`, { cause })
  }
}

function isRotation(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { stage, file, variable, previous } = value
  return [stage, file, variable].every((field) => typeof field === 'string') && Array.isArray(previous)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
