/** What went wrong, for a caller to branch on. */
export type EmulatorErrorCode = 'closed' | 'already_listening' | 'listen_failed'

/** A failure of the emulator itself; a caller's mistake is a `TypeError` and an API client's an HTTP answer. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError'
  /** Stable identifier of the cause. */
  readonly code: EmulatorErrorCode

  constructor(code: EmulatorErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
