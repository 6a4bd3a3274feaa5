import { access, constants, lstat, readFile, realpath, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CliError } from '../shared/cli-error.ts'
import { writeDraft, writePrivately } from '../shared/files.ts'
import { readVariable, setVariable } from './env-text.ts'

/** One variable in a file such as `.env`. */
export interface EnvFile {
  /** As the user wrote it. */
  readonly path: string
  readonly name: string
  /** The value of the variable; `undefined` if it is not there or empty. */
  read(): Promise<string | undefined>
  /** Sets the variable and leaves the others alone. The file is then readable by its owner only. */
  write(value: string): Promise<void>
}

// As long as the secrets of a rotation.
const TRIAL_VALUE = `whsec_${'x'.repeat(100)}`

/**
 * Opens a file for one variable; the file need not exist.
 *
 * @throws CliError when the variable could not be written there: better now than when it is a secret that the API
 *   shows once
 */
export async function openEnvFile(cwd: string, path: string, name: string): Promise<EnvFile> {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new CliError('usage', `"${name}" is no name of a variable`)
  const file = await resolveFile(resolve(cwd, path), path)
  const env: EnvFile = {
    path,
    name,
    read: async () => readVariable(await readText(file, path), name),
    write: async (value) => writePrivately(file, await change(file, env, value)),
  }
  const trial = await change(file, env, TRIAL_VALUE)
  // A disk that is full or cannot be written to is found only by writing to it.
  await tryTo(path, async () => {
    await access(dirname(file), constants.W_OK)
    await access(file, constants.W_OK).catch(ignoreAbsent)
    await rm(await writeDraft(file, trial))
  })
  return env
}

/** Follows links. */
async function resolveFile(file: string, path: string): Promise<string> {
  const entry = await lstat(file).catch(ignoreAbsent)
  if (entry === undefined) return file
  const target = await realpath(file).catch(() => refuse(path, 'is a link to nothing'))
  // A device or a pipe must not be replaced, and keeps nothing.
  return (await stat(target)).isFile() ? target : refuse(path, 'is not a file')
}

async function readText(file: string, path: string): Promise<string> {
  const bytes = await tryTo(path, () => readFile(file).catch(ignoreAbsent))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes ?? new Uint8Array())
  } catch {
    return refuse(path, 'is not UTF-8 text', 'Save it as UTF-8.')
  }
}

async function change(file: string, { path, name }: EnvFile, value: string): Promise<string> {
  const changed = setVariable(await readText(file, path), name, value)
  if (changed !== undefined) return changed
  return refuse(
    path,
    `cannot be changed so that ${name} alone is another`,
    `Look at its quotes, or write ${name}= there.`,
  )
}

async function tryTo<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  return await work().catch((cause: NodeJS.ErrnoException) => {
    throw new CliError('config', `${path} cannot be written (${cause.code})`, { cause })
  })
}

function refuse(path: string, why: string, hint?: string): never {
  throw new CliError('config', `${path} ${why}`, hint === undefined ? {} : { hint })
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
