import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { CliError } from '../shared/cli-error.ts'

/**
 * Runs the user's program with our streams until it ends, and returns its exit code; 128 and the signal's number when
 * a signal ended it, as a shell does.
 */
export function runProgram(
  [file, ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file!, args, { env, stdio: 'inherit' })
    // A terminal sends Ctrl-C to the program too; a `kill` reaches only us.
    signal.addEventListener('abort', () => void child.kill('SIGTERM'), { once: true })
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOENT' ? 'is not a command here' : `cannot be started (${cause.code})`
      reject(new CliError('usage', `${file} ${why}`, { cause }))
    })
    child.once('exit', (code, name) => resolve(code ?? 128 + constants.signals[name!]))
  })
}
