import { WebhookError } from '@gwh/core/errors'
import type { Clock } from '@gwh/core/queue'
import type { JobLedger } from '@gwh/core/store'

/** Options of `Jobs.done`. */
export interface DoneOptions {
  /** How long to wait, in milliseconds. Default: without a limit. */
  timeoutMs?: number
  /** Stops waiting when it is aborted; `done` then rejects with its reason. The job goes on. */
  signal?: AbortSignal
}

/** Those who wait for the end of a job in this process. */
export interface Waiters {
  /** Resolves what waits for a job. */
  ended(id: string, text: string): void
  /** Waits for the end of a job and resolves to its event as JSON. */
  wait(id: string, name: string, options: DoneOptions): Promise<string>
}

/**
 * Creates the waiters. Ends that another process notes are found by reading the ledger.
 *
 * @param pollMs How often to read it, in milliseconds
 */
export function createWaiters(ledger: JobLedger, endpoint: string, clock: Clock, pollMs: number): Waiters {
  const waiting = new Map<string, Set<(text: string) => void>>()

  /** Reads the ledger again and again. What it throws is not the end of the wait: the ledger may be back next time. */
  const poll = (id: string, resolve: (text: string) => void): (() => void) => {
    let stopped = false
    let cancel = () => {}
    const look = async () => {
      const job = await ledger.find({ endpoint, id }).catch(() => undefined)
      if (stopped) return
      if (job?.event !== undefined) resolve(job.event)
      else cancel = clock.schedule(look, pollMs)
    }
    cancel = clock.schedule(look, pollMs)
    return () => {
      stopped = true
      cancel()
    }
  }

  return {
    ended(id, text) {
      for (const resolve of waiting.get(id) ?? []) resolve(text)
    },
    async wait(id, name, { timeoutMs, signal }) {
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      // It can be rejected while the ledger is asked, before anything awaits it.
      promise.catch(() => {})
      const resolvers = waiting.get(id) ?? new Set()
      waiting.set(id, resolvers.add(resolve))
      const stopPolling = poll(id, resolve)
      const onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      const giveUp = () => reject(timedOut(name, timeoutMs!))
      const cancel = timeoutMs === undefined ? () => {} : clock.schedule(giveUp, timeoutMs)
      try {
        // After it is among those that wait, so that no end falls between.
        const known = await ledger.find({ endpoint, id })
        return known?.event ?? (await promise)
      } finally {
        cancel()
        stopPolling()
        signal?.removeEventListener('abort', onAbort)
        resolvers.delete(resolve)
        if (resolvers.size === 0) waiting.delete(id)
      }
    },
  }
}

function timedOut(name: string, timeoutMs: number): WebhookError {
  return new WebhookError('wait_timeout', `${name} did not end within ${timeoutMs} ms`)
}
