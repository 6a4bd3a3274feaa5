import { printable } from './printable.ts'

/** What went wrong, for a caller to branch on. */
export type EmulatorErrorCode =
  /** The emulator was closed. */
  | 'closed'
  /** It listens already. */
  | 'already_listening'
  /** The port is taken, or the address is not this machine's. */
  | 'listen_failed'
  /** It does not listen, so it has no URL. */
  | 'not_listening'
  /** Something is still pending after the time that `settled` was given. */
  | 'not_settled'
  /** An import replaced the state meanwhile. */
  | 'state_replaced'
  /** Another emulator has the state file open. */
  | 'state_in_use'
  /** The state file cannot be read or written, or is not one of this version. */
  | 'state_unusable'

/** A failure of the emulator itself; a caller's mistake is a `TypeError` and an API client's an HTTP answer. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError'
  /** Stable identifier of the cause. */
  readonly code: EmulatorErrorCode

  constructor(code: EmulatorErrorCode, message: string, options?: { cause?: unknown }) {
    super(printable(message), options)
    this.code = code
  }
}
