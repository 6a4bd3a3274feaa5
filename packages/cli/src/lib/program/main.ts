import { CommanderError } from 'commander'
import { CliError } from '../shared/cli-error.ts'
import { EXIT } from '../shared/exit-codes.ts'
import { bypassProxies } from '../shared/loopback.ts'
import { createTerminal, type Terminal } from '../shared/terminal.ts'
import { createProgram } from './program.ts'

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs one command line and returns the process's exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  bypassProxies(process.env)
  const terminal = createTerminal()
  const interruption = new AbortController()
  const interrupt = (name: NodeJS.Signals) => interruption.abort(name)
  for (const name of INTERRUPTIONS) process.once(name, interrupt)
  const output = watchOutput(() => interrupt('SIGTERM'))
  try {
    const context = { terminal, env: process.env, cwd: currentFolder(), signal: interruption.signal }
    await createProgram(context).parseAsync(args, { from: 'user' })
    return process.exitCode === undefined ? EXIT.ok : Number(process.exitCode)
  } catch (error) {
    return output.failure === undefined ? report(error, terminal) : EXIT.failed
  } finally {
    for (const name of INTERRUPTIONS) process.off(name, interrupt)
    // What still runs has nobody to write to. A reader that stops early, such as `head`, is not an error.
    if (output.failure !== undefined) process.exit(output.failure.code === 'EPIPE' ? EXIT.ok : EXIT.failed)
  }
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new CliError('config', 'the current folder does not exist any more', {
      hint: 'Change to another one.',
      cause,
    })
  }
}

interface Output {
  /** Why the last write failed; `undefined` while all goes well. */
  failure?: NodeJS.ErrnoException
}

/** Calls `failed` when standard output or standard error takes no more. */
function watchOutput(failed: () => void): Output {
  const output: Output = {}
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      output.failure ??= error
      failed()
    })
  }
  return output
}

function report(error: unknown, terminal: Terminal): number {
  // Commander has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof CliError) {
    terminal.note(`gwh: ${error.message}`)
    if (error.hint !== undefined) terminal.note(`     ${error.hint}`)
    return error.exitCode
  }
  // A mistake of ours: here the stack helps.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  for (const line of text.split('\n')) terminal.note(line)
  return EXIT.failed
}
