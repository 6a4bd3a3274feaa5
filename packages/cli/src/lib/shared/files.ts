import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
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
  const draft = `${file}.${process.pid}.tmp`
  await writeFile(draft, text, { mode: 0o600, flush: true })
  // A draft that a crash left behind keeps its permissions.
  await chmod(draft, 0o600)
  await rename(draft, file)
}
