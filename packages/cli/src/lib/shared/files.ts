import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, rename, rm, writeFile } from 'node:fs/promises'
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
