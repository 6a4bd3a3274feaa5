import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, chmod, link, lstat, rename, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError } from './cli-error.ts'

// More than any archive of deliveries; a text of 512 MiB is longer than a string can be.
const LONGEST_BYTES = 256 * 1024 * 1024

/** Reads a file that the user named. */
export async function readNamedFile(cwd: string, path: string): Promise<Buffer> {
  try {
    return await readAll(createReadStream(resolve(cwd, path)), path)
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError(
      'config',
      `${path} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`,
      {
        cause,
      },
    )
  }
}

/** Reads standard input to its end. */
export function readStandardInput(): Promise<Buffer> {
  return readAll(process.stdin, 'standard input')
}

async function readAll(stream: AsyncIterable<Uint8Array>, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_BYTES) throw new CliError('config', `${name} is too long: more than 256 MiB`)
  }
  return Buffer.concat(chunks)
}

/** Writes a file for its owner only. A crash leaves the old file or the new one, never a half. */
export async function writePrivately(file: string, text: string): Promise<void> {
  const draft = await writeDraft(file, text)
  try {
    await rename(draft, file)
  } catch (error) {
    await rm(draft)
    // A file that a container has mounted cannot be replaced, only filled.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    await writeFile(file, text, { flush: true })
    await chmod(file, 0o600)
  }
}

/**
 * Writes a new file for its owner only, piece by piece. It appears when it is complete.
 *
 * @throws CliError when it is there already, or cannot be written
 */
export async function writeNewPrivately(
  cwd: string,
  path: string,
  produce: (write: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const file = resolve(cwd, path)
  const draft = await writeDraft(file, '').catch((cause) => refuse(path, cause))
  try {
    if (await isThere(file)) refuse(path, { code: 'EEXIST' })
    await produce((text) => appendFile(draft, text).catch((cause) => refuse(path, cause)))
    // Unlike a renaming, a link never replaces what is there.
    await link(draft, file).catch((cause) => refuse(path, cause))
  } finally {
    await rm(draft, { force: true })
  }
}

const isThere = (file: string) =>
  lstat(file).then(
    () => true,
    () => false,
  )

function refuse(path: string, cause: { readonly code?: string }): never {
  const why = cause.code === 'EEXIST' ? 'is there already' : `cannot be written (${cause.code})`
  throw new CliError('config', `${path} ${why}`, { cause })
}

/** Writes the draft of a file beside it, for its owner only; returns its path. */
export async function writeDraft(file: string, text: string): Promise<string> {
  // A name that nobody else can have taken, with a link to another file, say.
  const draft = `${file}.${randomUUID()}.tmp`
  try {
    await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  return draft
}
