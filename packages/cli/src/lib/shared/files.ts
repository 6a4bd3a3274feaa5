import { randomUUID } from 'node:crypto'
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError } from './cli-error.ts'

/** Reads a file that the user named. */
export async function readNamedFile(cwd: string, path: string): Promise<Buffer> {
  return await readFile(resolve(cwd, path)).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'does not exist' : `cannot be read (${cause.code})`
    throw new CliError('config', `${path} ${why}`, { cause })
  })
}

/** Reads standard input to its end. */
export async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
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
