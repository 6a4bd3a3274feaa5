import type { Terminal } from './terminal.ts'

/** What every command works with. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the command was started. */
  readonly cwd: string
  /** Aborted by Ctrl-C or SIGTERM; a command ends what it started and returns. */
  readonly signal: AbortSignal
}
