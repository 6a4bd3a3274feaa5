import { EXIT, type ExitCode } from './exit-codes.ts'

/** A failure that the user can do something about: printed as its message and hint, without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** What the process exits with. */
  readonly exitCode: ExitCode
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(kind: keyof typeof EXIT, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = EXIT[kind]
    this.hint = options.hint
  }
}
