import type { WebhookEvent } from '../events/event-types.ts'
import type { Clock } from '../shared/clock.ts'
import { WebhookError } from '../shared/errors.ts'
import { checkNames, invalid, wholeNumber } from '../shared/options.ts'

/** Options of `Receiver.waitFor`. */
export interface WaitOptions {
  /** How long to wait, in milliseconds. Default: without a limit. */
  timeoutMs?: number
  /** Stops waiting when it is aborted; `waitFor` then rejects with its reason. */
  signal?: AbortSignal
}

/** Passes events to the callers that wait for a job. */
export interface EventWaiters {
  /** Records an event and resolves the calls that wait for its job. Returns whether there are any. */
  seen(event: WebhookEvent): boolean
  /** Waits for an event of a job. */
  waitFor(jobName: string, options?: WaitOptions): Promise<WebhookEvent>
}

// A job can end before the call that waits for it.
const REMEMBERED = 256

/** Creates the waiters of one receiver. Remembers the last event of each of the last 256 jobs. */
export function createEventWaiters(clock: Clock): EventWaiters {
  const last = new Map<string, WebhookEvent>()
  const waiting = new Map<string, Set<(event: WebhookEvent) => void>>()

  return {
    seen(event) {
      if (event.id === undefined) return false
      const job = toShortId(event.id)
      last.delete(job)
      last.set(job, event)
      if (last.size > REMEMBERED) last.delete(last.keys().next().value!)
      const resolvers = waiting.get(job)
      for (const resolve of resolvers ?? []) resolve(event)
      return resolvers !== undefined
    },
    async waitFor(jobName, options = {}) {
      const { signal, timeoutMs } = checkWait(jobName, options)
      signal?.throwIfAborted()
      const job = toShortId(jobName)
      const known = last.get(job)
      if (known) return known
      const { promise, resolve, reject } = Promise.withResolvers<WebhookEvent>()
      const resolvers = waiting.get(job) ?? new Set()
      waiting.set(job, resolvers.add(resolve))
      const onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      const giveUp = () => reject(timedOut(jobName, timeoutMs!))
      const cancel = timeoutMs === undefined ? () => {} : clock.schedule(giveUp, timeoutMs)
      try {
        return await promise
      } finally {
        cancel()
        signal?.removeEventListener('abort', onAbort)
        resolvers.delete(resolve)
        if (resolvers.size === 0) waiting.delete(job)
      }
    },
  }
}

/** Events and the API name one job differently (`x`, `batches/x`, `models/m/operations/x`), but all end with its id. */
function toShortId(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function checkWait(jobName: unknown, options: WaitOptions): WaitOptions {
  checkNames(options, ['timeoutMs', 'signal'], 'waitFor()')
  if (typeof jobName !== 'string' || jobName === '') throw invalid('waitFor() takes the name of a job')
  const { timeoutMs, signal } = options
  return {
    ...(timeoutMs !== undefined && { timeoutMs: wholeNumber('timeoutMs', timeoutMs, 0) }),
    ...(signal && { signal }),
  }
}

function timedOut(jobName: string, timeoutMs: number): WebhookError {
  return new WebhookError('wait_timeout', `no event of ${jobName} came within ${timeoutMs} ms`)
}
