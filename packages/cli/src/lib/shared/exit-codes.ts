/** The exit codes of the process. Documented in the package's README. */
export const EXIT = {
  ok: 0,
  /** The operation was carried out and failed: a delivery that does not verify, a check that finds something. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** A file, a variable or a credential is missing or wrong. */
  config: 3,
  /** A server cannot be reached. */
  network: 4,
  /** Something took longer than allowed. */
  timeout: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const

/** One of the exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
