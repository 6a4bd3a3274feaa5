/** What one check found. */
export interface Finding {
  /** What was checked, in a few words. */
  readonly check: string
  /** `warning`: works, but not as it should. `skipped`: could not be checked. */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** What was found. */
  readonly message: string
  /** What to do about it. */
  readonly fix?: string
}

/** Creates a finding that all is well. */
export const ok = (check: string, message: string): Finding => ({ check, status: 'ok', message })

/** Creates a finding that something works, but not as it should. */
export const warning = (check: string, message: string, fix: string): Finding => ({
  check,
  status: 'warning',
  message,
  fix,
})

/** Creates a finding that something is broken. */
export const failed = (check: string, message: string, fix: string): Finding => ({
  check,
  status: 'failed',
  message,
  fix,
})

/** Creates a finding that nothing could be found. */
export const skipped = (check: string, message: string, fix?: string): Finding => ({
  check,
  status: 'skipped',
  message,
  ...(fix !== undefined && { fix }),
})
