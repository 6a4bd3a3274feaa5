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
    return output.code ?? report(error, terminal)
  } finally {
    for (const name of INTERRUPTIONS) process.off(name, interrupt)
    // What still runs has nobody to write to.
    if (output.code !== undefined) process.exit(output.code)
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
  /** What the process exits with after standard output failed; `undefined` while all goes well. */
  code?: number
}

/** Calls `failed` when standard output or standard error takes no more. */
function watchOutput(failed: () => void): Output {
  const output: Output = {}
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that stops early, such as `head`, is not an error.
    output.code ??= error.code === 'EPIPE' ? EXIT.ok : EXIT.failed
    // The last write may fail when `main` is over.
    process.exitCode = output.code
    failed()
  })
  process.stderr.on('error', failed)
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
