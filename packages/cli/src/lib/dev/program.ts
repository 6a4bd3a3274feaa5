import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { CliError } from '../shared/cli-error.ts'
import { EXIT } from '../shared/exit-codes.ts'

const STOPPING = ['SIGINT', 'SIGTERM'] as const

/**
 * Runs the user's program with our streams until it ends, and returns its exit code; 128 and the signal's number when
 * a signal ended it, as a shell does. After an interruption nothing is started.
 *
 * @param failed Called when it ended by itself, with a signal or a code other than 0, such as `SIGKILL` or `exit code 3`
 */
export function runProgram(
  [file, ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  failed: (how: string) => void = () => {},
): Promise<number> {
  if (signal.aborted) return Promise.resolve(EXIT.interrupted)
  return new Promise((resolve, reject) => {
    const child = spawn(file!, args, { env, stdio: 'inherit' })
    const again = () => void (signal.aborted && child.kill('SIGKILL'))
    // Before the listener that aborts, and for the program's whole life: without a listener, even for a moment, a signal
    // ends this process, and the program stays behind.
    for (const name of STOPPING) process.prependListener(name, again)
    const forget = () => STOPPING.forEach((name) => void process.off(name, again))
    signal.addEventListener('abort', () => stop(child, signal.reason), { once: true })
    child.once('error', (cause: NodeJS.ErrnoException) => {
      forget()
      const why = cause.code === 'ENOENT' ? 'is not a command here' : `cannot be started (${cause.code})`
      reject(new CliError('usage', `${file} ${why}`, { cause }))
    })
    child.once('exit', (code, name) => {
      forget()
      if (code !== 0 && !signal.aborted) failed(name ?? `exit code ${code}`)
      resolve(code ?? 128 + constants.signals[name!])
    })
  })
}

/** Passes the signal on, for the program to end in its own way; a second one ends it at once. */
function stop(child: ChildProcess, reason: unknown): void {
  // A terminal sends Ctrl-C to the program too.
  const hasIt = reason === 'SIGINT' && process.stdin.isTTY
  if (!hasIt) child.kill(reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM')
}
