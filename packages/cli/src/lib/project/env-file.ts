import { access, constants, readFile, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { CliError } from '../shared/cli-error.ts'
import { writePrivately } from '../shared/files.ts'

/** A file of variables, such as `.env`. */
export interface EnvFile {
  /** As the user wrote it. */
  readonly path: string
  /** The value of a variable; `undefined` if it is not there or empty. */
  read(name: string): Promise<string | undefined>
  /** Sets a variable and leaves the other lines alone. The file is then readable by its owner only. */
  write(name: string, value: string): Promise<void>
}

/**
 * Opens a file of variables, which need not exist.
 *
 * @throws CliError when it could not be written: better now than when it is to hold a secret that is shown once
 */
export async function openEnvFile(cwd: string, path: string): Promise<EnvFile> {
  const file = await realpath(resolve(cwd, path)).catch(() => resolve(cwd, path))
  await checkWritable(file, path)
  const readText = () => readFile(file, 'utf8').catch(emptyIfAbsent)
  return {
    path,
    read: async (name) => readVariable(await readText(), name),
    write: async (name, value) => writePrivately(file, setVariable(await readText(), name, value)),
  }
}

async function checkWritable(file: string, path: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK)
    await access(file, constants.W_OK).catch(emptyIfAbsent)
  } catch (cause) {
    throw new CliError('config', `${path} cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    })
  }
}

function emptyIfAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}

const lineOf = (name: string) => new RegExp(`^(?:export\\s+)?${name}\\s*=[ \\t]*(.*)$`, 'gm')

function readVariable(text: string, name: string): string | undefined {
  // Of several lines, the last one counts, as for Node and shells.
  const value = [...text.matchAll(lineOf(name))].at(-1)?.[1]?.trim() ?? ''
  return /^(["'])(.*)\1$/.exec(value)?.[2] || value.replace(/\s+#.*$/, '') || undefined
}

function setVariable(text: string, name: string, value: string): string {
  const line = `${name}=${value}`
  const lines = text.match(lineOf(name)) ?? []
  // The last line of that name is replaced, and earlier ones, which had no effect, are dropped.
  let left = lines.length
  const replaced = text.replace(new RegExp(`${lineOf(name).source}(\\r?\\n)?`, 'gm'), (_, __, end = '') =>
    --left === 0 ? `${line}${end}` : '',
  )
  if (lines.length > 0) return replaced
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}
