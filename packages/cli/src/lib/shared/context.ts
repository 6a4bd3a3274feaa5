import { CliError } from './cli-error.ts'
import type { Terminal } from './terminal.ts'

/** What every command works with. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the command was started. */
  readonly cwd: string
  /** Aborted by Ctrl-C or SIGTERM, which is the reason; a command ends what it started and returns. */
  readonly signal: AbortSignal
}

/** Waits for a promise, but not longer than until Ctrl-C. */
export function untilInterrupted<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const interrupt = () => reject(new CliError('interrupted', 'interrupted'))
    if (signal.aborted) return interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', interrupt))
  })
}
