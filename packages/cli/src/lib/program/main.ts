import { CommanderError } from 'commander'
import { CliError } from '../shared/cli-error.ts'
import { EXIT } from '../shared/exit-codes.ts'
import { createTerminal, type Terminal } from '../shared/terminal.ts'
import { createProgram } from './program.ts'

/** Runs one command line and returns the process's exit code. Never throws. */
export async function main(args: readonly string[]): Promise<number> {
  const terminal = createTerminal()
  const interruption = new AbortController()
  const interrupt = (name: NodeJS.Signals) => interruption.abort(name)
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  // A reader that stops early, such as `head`, is not an error.
  process.stdout.once('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const context = { terminal, env: process.env, cwd: process.cwd(), signal: interruption.signal }
  try {
    await createProgram(context).parseAsync(args, { from: 'user' })
    return process.exitCode === undefined ? EXIT.ok : Number(process.exitCode)
  } catch (error) {
    return report(error, terminal)
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
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
