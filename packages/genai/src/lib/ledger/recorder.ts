import type { Clock } from '@gwh/core/queue'

/** Writes to a ledger, and tries again while the ledger is away. */
export interface Recorder {
  /**
   * Runs a step. If it fails, or resolves to `false`, it runs again in the background, with growing waits, until it resolves
   * to `true`.
   *
   * @param report Called with the first failure
   */
  record(step: () => Promise<boolean>, report: (error: unknown) => void): Promise<void>
  /** Stops trying. */
  close(): void
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 10_000

/** Creates a recorder. */
export function createRecorder(clock: Clock): Recorder {
  const timers = new Set<() => void>()
  let isClosed = false

  const tryLater = (step: () => Promise<boolean>, waitMs: number) => {
    if (isClosed) return
    const again = async () => {
      timers.delete(cancel)
      const isDone = await step().catch(() => false)
      if (!isDone) tryLater(step, Math.min(waitMs * 2, LONGEST_WAIT_MS))
    }
    const cancel = clock.schedule(again, waitMs)
    timers.add(cancel)
  }
  return {
    async record(step, report) {
      const isDone = await step().catch((error: unknown) => {
        report(error)
        return false
      })
      if (!isDone) tryLater(step, FIRST_WAIT_MS)
    },
    close() {
      isClosed = true
      for (const cancel of timers) cancel()
      timers.clear()
    },
  }
}
