import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../shared/cli-error.ts'
import { writePrivately } from '../shared/files.ts'

/** What `gwh dev` keeps in a project, so that nothing changes between two runs. */
export interface DevSettings {
  /** The signing secrets of the forwarded webhook, newest first, separated by commas; after a rotation several. */
  readonly secret: string
  /** The emulator's control token. */
  readonly controlToken: string
  /** The key of job tokens, for dynamic webhooks. */
  readonly jobKey?: string
  /** Where the emulator listens, or listened last. */
  readonly url?: string
  /** The id of the forwarded webhook. */
  readonly webhook?: string
  /** Whether its secret was rotated since `gwh dev` started last. */
  readonly rotated?: boolean
  /** The queue that the page shows, or showed last: a SQLite file or a Redis URL. */
  readonly queue?: string
}

/** The folder in a project that holds what `gwh dev` keeps. */
export const FOLDER = '.gwh'

const FILE = 'dev.json'

/** Reads the settings of a project; `undefined` when `gwh dev` was never started there. */
export async function readDevSettings(cwd: string): Promise<DevSettings | undefined> {
  const path = join(cwd, FOLDER, FILE)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new CliError('config', `cannot read ${path} (${error.code})`, { cause: error })
  })
  if (text === undefined) return undefined
  const settings = parse(text)
  if (settings !== undefined) return settings
  throw new CliError('config', `${path} is damaged`, {
    hint: 'Delete it: the next `gwh dev` makes a new one.',
  })
}

function parse(text: string): DevSettings | undefined {
  try {
    const value = JSON.parse(text) as DevSettings
    const { secret, controlToken, jobKey = '', webhook = '', url, queue } = value
    const isSound = [secret, controlToken, jobKey, webhook].every(isPlain) && isLocal(url) && isText(queue)
    return isSound ? value : undefined
  } catch {
    return undefined
  }
}

/** Whether a value means the same to Node, to a shell and in a header: the file may come from somebody else. */
function isPlain(value: unknown): boolean {
  return typeof value === 'string' && /^[\w.~+/=,-]*$/.test(value)
}

/** Whether it can be a URL at which `gwh dev` listened: keys and tokens go there. */
function isLocal(url: unknown): boolean {
  return url === undefined || (typeof url === 'string' && /^http:\/\/127\.0\.0\.1:\d+$/.test(url))
}

const isText = (value: unknown) => value === undefined || typeof value === 'string'

/** Makes fresh settings, in the forms that Google's own secrets have. */
export function newDevSettings(): DevSettings {
  return {
    secret: `whsec_${Buffer.from(randomBytes(16).toString('hex')).toString('base64')}`,
    controlToken: randomBytes(24).toString('base64url'),
    jobKey: randomBytes(24).toString('base64url'),
  }
}

/** Writes the settings, readable by their owner only, and keeps them out of git. */
export async function writeDevSettings(cwd: string, settings: DevSettings): Promise<void> {
  const folder = await makeFolder(cwd)
  await writePrivately(join(folder, FILE), `${JSON.stringify(settings, null, 2)}\n`)
}

/** Makes the folder of a project, which keeps itself out of git; returns its path. */
export async function makeFolder(cwd: string): Promise<string> {
  const folder = join(cwd, FOLDER)
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(refuse)
  // A link in a project that was cloned could lead anywhere.
  if (!(await lstat(folder)).isDirectory()) refuse()
  await chmod(folder, 0o700)
  await removeStaleDrafts(folder)
  await writePrivately(join(folder, '.gitignore'), '*\n')
  return folder

  function refuse(cause?: unknown): never {
    throw new CliError('config', `${folder} is not a directory`, {
      hint: 'Remove it and start again.',
      cause,
    })
  }
}

// Of files that are made anew. Another draft may hold the only copy of a secret.
const DRAFT = /^(\.gitignore|env|dev\.json)\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/
// A younger one may be about to be renamed by another process.
const STALE_AFTER_MS = 60_000

/** Removes the drafts that a killed process left behind. One that cannot be removed harms nothing. */
async function removeStaleDrafts(folder: string): Promise<void> {
  const drafts = (await readdir(folder).catch(() => [])).filter((name) => DRAFT.test(name))
  for (const path of drafts.map((name) => join(folder, name))) {
    const { mtimeMs } = await lstat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > STALE_AFTER_MS) await rm(path).catch(() => {})
  }
}
