import type { Receiver } from '@gwh/core'
import type { Clock } from '@gwh/core/queue'
import type { JobLedger } from '@gwh/core/store'
import { untilAborted } from '../shared/until-aborted.ts'

/** Options of `Jobs.done`. */
export interface DoneOptions {
  /**
   * How long to wait, in milliseconds: a whole number. The result is read within this time, too. Default: without a limit.
   */
  timeoutMs?: number
  /**
   * Stops waiting when it is aborted, also while the result is read; `done` then rejects with its reason. The job goes on.
   */
  signal?: AbortSignal
}

/** Those who wait for the end of a job in this process. */
export interface Waiters {
  /** Resolves what waits for a job. */
  ended(id: string, text: string): void
  /**
   * Waits for the end of a job and resolves to its event as JSON.
   *
   * @param signal Ends the wait when it is aborted, with its reason
   */
  wait(id: string, name: string, signal: AbortSignal): Promise<string>
}

/** What waiters are built from. */
export interface WaitersOptions {
  ledger: JobLedger
  receiver: Pick<Receiver, 'endpoint' | 'waitFor'>
  clock: Clock
  /** How often to read the ledger, in milliseconds. */
  pollMs: number
  /** Adds a job to the ledger that is not there any more. */
  reopen: (name: string, userMetadata: string | undefined) => Promise<void>
}

/** The callers that wait for one job. */
interface Waiting {
  resolvers: Set<(text: string) => void>
  /** The metadata of the job, for a ledger that loses it. */
  userMetadata?: string | undefined
  stop: () => void
}

/** Creates the waiters. Ends that another process notes are found by reading the ledger. */
export function createWaiters({ ledger, receiver, clock, pollMs, reopen }: WaitersOptions): Waiters {
  const { endpoint } = receiver
  const waiting = new Map<string, Waiting>()

  const read = async (id: string) => {
    const job = await ledger.find({ endpoint, id })
    const group = waiting.get(id)
    if (group && job?.userMetadata !== undefined) group.userMetadata = job.userMetadata
    return job
  }
  /** Reads the ledger again and again. What it throws is not the end of the wait: the ledger may be back next time. */
  const poll = (id: string, name: string): (() => void) => {
    let stopped = false
    let cancel = () => {}
    const look = async () => {
      try {
        const job = await read(id)
        if (job?.event !== undefined) ended(id, job.event)
        // The ledger was flushed, or has restarted empty.
        else if (!job && !stopped) await reopen(name, waiting.get(id)?.userMetadata)
      } catch {
        // Next time.
      }
      if (!stopped) cancel = clock.schedule(look, pollMs)
    }
    cancel = clock.schedule(look, pollMs)
    return () => {
      stopped = true
      cancel()
    }
  }
  const start = (id: string, name: string): Waiting => {
    const stopPolling = poll(id, name)
    const stopped = new AbortController()
    // An event that somebody waits for is handled, whether it has handlers or not.
    receiver.waitFor(name, { signal: stopped.signal }).catch(() => {})
    const started: Waiting = {
      resolvers: new Set(),
      stop() {
        stopPolling()
        stopped.abort()
        waiting.delete(id)
      },
    }
    waiting.set(id, started)
    return started
  }
  const ended = (id: string, text: string) => {
    for (const resolve of waiting.get(id)?.resolvers ?? []) resolve(text)
  }

  return {
    ended,
    async wait(id, name, signal) {
      signal.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<string>()
      const group = waiting.get(id) ?? start(id, name)
      group.resolvers.add(resolve)
      // After it is among those that wait, so that no end falls between. If the ledger is not available, `poll` reads it.
      const known = read(id)
      known.then((job) => job?.event !== undefined && resolve(job.event)).catch(() => {})
      try {
        return await untilAborted(promise, signal)
      } finally {
        group.resolvers.delete(resolve)
        if (group.resolvers.size === 0) group.stop()
      }
    },
  }
}
