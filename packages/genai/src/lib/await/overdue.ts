import type { Clock } from '@gwh/core/queue'
import type { LedgerJob } from '@gwh/core/store'
import { ResultUnavailableError } from '../shared/errors.ts'
import { type LookupDeps, settleJob } from './settle-job.ts'
import { toNextLook, toPause } from './timing.ts'

/** Looks up jobs whose event did not come in time. */
export interface OverdueJobs {
  /** Plans the next look-up. Call it when a job was added. */
  plan(): void
  /** Stops looking up. Waits for what is running. */
  close(): Promise<void>
}

// A job that a process took and did not look up, because it was killed, is due again after this.
const TAKEN_MS = 120_000
const AT_ONCE = 4
const LONGEST_SLEEP_MS = 300_000
const SHORTEST_SLEEP_MS = 50

/** Creates the look-ups of one process. Processes that share a ledger share the work: each job is taken by one. */
export function createOverdueJobs(deps: LookupDeps & { clock: Clock; random: () => number }): OverdueJobs {
  const { ledger, clock, random, observe } = deps
  const { endpoint } = deps.receiver
  let cancel = () => {}
  let running: Promise<void> | undefined
  let closed = false
  let planned = false
  let failures = 0
  let pausedUntil = Number.NEGATIVE_INFINITY

  const lookUpOne = async (job: LedgerJob) => {
    try {
      const found = await settleJob(job, 'overdue', deps)
      if (job.event === undefined) failures = 0
      if (found === 'running') await ledger.postpone(job, toNextLook(job.createdAt, clock.now(), random))
    } catch (error) {
      if (error instanceof ResultUnavailableError) pause(error)
      else observe({ type: 'fault', job: job.name, error })
      await ledger.postpone(job, toNextLook(clock.now(), clock.now(), random))
    }
  }
  const pause = (error: unknown) => {
    // Look-ups that ran at the same time have failed for the same reason.
    if (clock.now() < pausedUntil) return
    const pauseMs = toPause(++failures, random)
    pausedUntil = clock.now() + pauseMs
    observe({ type: 'paused', pauseMs, error })
  }
  const round = async () => {
    for (;;) {
      const now = clock.now()
      if (closed || now < pausedUntil) return
      // After a failure one job finds out whether the API is back.
      const limit = failures > 0 ? 1 : AT_ONCE
      const jobs = await ledger.take({ endpoint, dueAt: now, now, until: now + TAKEN_MS, limit })
      await Promise.all(jobs.map(lookUpOne))
      if (jobs.length < limit) return
    }
  }
  const run = () => {
    running ??= round()
      .catch((error) => observe({ type: 'fault', error }))
      .then(sleep)
      .catch(() => {})
      .finally(() => {
        running = undefined
        if (planned) plan()
      })
  }
  const sleep = async () => {
    const next = await ledger.nextLookAt(endpoint).catch(() => clock.now() + LONGEST_SLEEP_MS)
    cancel()
    if (closed || next === undefined) return
    const waitMs = Math.max(next, pausedUntil) - clock.now()
    cancel = clock.schedule(run, Math.min(Math.max(waitMs, SHORTEST_SLEEP_MS), LONGEST_SLEEP_MS))
  }

  const plan = () => {
    // A round that is about to end may have looked at the ledger before the job was added.
    planned = running !== undefined
    if (!closed && !running) sleep().catch(() => {})
  }

  return {
    plan,
    async close() {
      closed = true
      cancel()
      await running
    },
  }
}
