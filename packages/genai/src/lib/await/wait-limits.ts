import { WebhookError, WebhookUnavailableError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import type { DoneOptions } from './waiters.ts'

/** What can end one call of `done` early. */
export interface WaitLimit {
  /** Aborted with what `done` rejects with: the time is up, the caller aborts, or the jobs are closed. */
  signal: AbortSignal
  /** Call it when the end of the job is known. */
  ended(): void
  /** Call it when the wait is over. From then on only the caller aborts the signal, to end the reading of a result. */
  release(): void
}

/** The limits of all calls of `done` of one `createJobs`. */
export interface WaitLimits {
  /**
   * Begins the time of a wait.
   *
   * @throws WebhookUnavailableError `draining` after `close`
   */
  begin(name: string, options: DoneOptions): WaitLimit
  /** Ends every wait, and those to come, with `draining`. */
  close(): void
}

/** Creates the limits. */
export function createWaitLimits(clock: Clock): WaitLimits {
  const waits = new Set<() => void>()
  let isClosed = false
  return {
    begin(name, { timeoutMs, signal }) {
      signal?.throwIfAborted()
      if (isClosed) throw closed(name)
      const controller = new AbortController()
      let hasEnded = false
      const giveUp = () => controller.abort(timedOut(name, timeoutMs!, hasEnded))
      const cancel = timeoutMs === undefined ? () => {} : clock.schedule(giveUp, timeoutMs)
      const close = () => controller.abort(closed(name))
      waits.add(close)
      return {
        signal: AbortSignal.any(signal ? [controller.signal, signal] : [controller.signal]),
        ended() {
          hasEnded = true
        },
        release() {
          cancel()
          waits.delete(close)
        },
      }
    },
    close() {
      isClosed = true
      for (const close of [...waits]) close()
    },
  }
}

function closed(name: string): WebhookUnavailableError {
  return new WebhookUnavailableError('draining', `${name} is not awaited any more: jobs.close() was called`)
}

function timedOut(name: string, timeoutMs: number, hasEnded: boolean): WebhookError {
  const what = hasEnded
    ? `${name} has ended, but its result was not read`
    : `neither an event nor a look-up has reported an end of ${name}`
  return new WebhookError('wait_timeout', `${what} within ${timeoutMs} ms`)
}
