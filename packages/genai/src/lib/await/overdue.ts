import { monotonicNow } from '@gwh/core/queue'
import type { LedgerJob } from '@gwh/core/store'
import { ResultUnavailableError } from '../shared/errors.ts'
import { JobGivenUpError } from './errors.ts'
import type { LookupDeps } from './lookup-deps.ts'
import { createOutageDetector } from './outage.ts'
import { settleJob } from './settle-job.ts'
import { TAKEN_MS, toNextLook, toPause } from './timing.ts'
import { createWakeUp } from './wake-up.ts'
import { within } from './within.ts'

/** Looks up jobs whose event did not come in time. */
export interface OverdueJobs {
  /**
   * Plans the next look-up. Call it when a job was added.
   *
   * @param lookAt When that job is looked up, in epoch milliseconds. Default: the ledger is asked
   */
  plan(lookAt?: number): void
  /** Stops looking up. Waits for handlers that run, for ten seconds at most. */
  close(): Promise<void>
}

const AT_ONCE = 4
const CLOSE_MS = 10_000
const YIELD_MS = 1_000
// A name that nobody tracked may be misspelt.
const SECOND_LOOK_MS = 3_000

/** Creates the look-ups of one process. Processes that share a ledger share the work: each job is taken by one. */
export function createOverdueJobs(deps: LookupDeps & { random: () => number }): OverdueJobs {
  const { ledger, clock, random, observe } = deps
  const { endpoint } = deps.receiver
  const outage = createOutageDetector()
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  let closing: Promise<unknown> | undefined
  let pauses = 0
  // A process that has left an event to others lets them take jobs first.
  let yieldMs = 0
  let pausedUntil = Number.NEGATIVE_INFINITY

  const pauseLeft = () => pausedUntil - monotonicNow(clock)
  const pause = (error: unknown) => {
    // Look-ups that ran at the same time have failed for the same reason.
    if (pauseLeft() > 0) return
    const pauseMs = toPause(++pauses, random)
    pausedUntil = monotonicNow(clock) + pauseMs
    observe({ type: 'paused', pauseMs, error })
  }
  const answered = () => {
    outage.answered()
    pauses = 0
  }
  /** Returns when the job is looked up again. */
  const noteFailure = ({ name, createdAt }: LedgerJob, error: unknown): number => {
    const present = clock.now()
    // Nothing is left to do; `postpone` does not change it.
    if (stop.signal.aborted || error instanceof JobGivenUpError) return present
    if (!(error instanceof ResultUnavailableError)) observe({ type: 'fault', job: name, error })
    else if (outage.failed(name, error)) pause(error)
    else {
      observe({ type: 'fault', job: name, error })
      return toNextLook(createdAt, present, random)
    }
    return toNextLook(present, present, random)
  }
  const lookUpOne = async (job: LedgerJob) => {
    try {
      const found = await settleJob(job, 'overdue', { ...deps, signal: stop.signal })
      if (job.event === undefined) answered()
      if (found === 'unhandled') yieldMs = YIELD_MS
      if (found !== 'running') return
      const present = clock.now()
      const isDoubtful = deps.untracked?.has(job.id)
      const lookAt = isDoubtful ? present + SECOND_LOOK_MS : toNextLook(job.createdAt, present, random)
      await ledger.postpone(job, lookAt)
    } catch (error) {
      await ledger.postpone(job, noteFailure(job, error))
    }
  }
  const work = async () => {
    while (!stop.signal.aborted && pauseLeft() <= 0) {
      const now = clock.now()
      const [job] = await ledger.take({
        endpoint,
        dueAt: now - yieldMs,
        now,
        until: now + TAKEN_MS,
        limit: 1,
      })
      if (!job) return
      // Each job has a worker of its own, so that one that hangs keeps no other waiting.
      start()
      await lookUpOne(job)
    }
  }
  const start = () => {
    // After a failure one job finds out whether the API is back.
    if (stop.signal.aborted || running.size >= (pauses > 0 ? 1 : AT_ONCE)) return
    const worker = work()
      .catch((error) => observe({ type: 'fault', error }))
      .finally(() => {
        running.delete(worker)
        wakeUp.plan()
      })
    running.add(worker)
  }
  const wakeUp = createWakeUp({
    clock,
    wake: start,
    next: async () => {
      const lookAt = await ledger.nextLookAt(endpoint, clock.now())
      return lookAt === undefined ? undefined : Math.max(lookAt + yieldMs - clock.now(), pauseLeft())
    },
  })

  return {
    plan: (lookAt) => wakeUp.plan(lookAt === undefined ? undefined : lookAt - clock.now()),
    async close() {
      wakeUp.close()
      stop.abort(new DOMException('jobs.close() was called', 'AbortError'))
      closing ??= within(Promise.all(running), { ms: CLOSE_MS, clock, late: () => undefined })
      await closing.catch(() => {})
    },
  }
}
