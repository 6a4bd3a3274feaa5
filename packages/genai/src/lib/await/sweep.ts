import type { LedgerJob } from '@gwh/core/store'
import { ResultUnavailableError } from '../shared/errors.ts'
import type { LookedUpJob, LookupDeps } from './lookup-deps.ts'
import { createOutageDetector } from './outage.ts'
import { type Found, settleJob } from './settle-job.ts'
import { TAKEN_MS, toNextLook } from './timing.ts'

/** What a sweep found. */
export interface Reconciled {
  /** How many jobs were checked. */
  checked: number
  /** The names of jobs that had ended without an event here. Their events went to the handlers. */
  missed: readonly string[]
  /**
   * The names of jobs that had ended, and whose event nothing handles here: no handler matches it, and there is no queue.
   * A process that has one handles it.
   */
  unhandled: readonly string[]
  /** The names of jobs that still run. */
  running: readonly string[]
  /** The names of jobs that the API does not know. */
  notFound: readonly string[]
  /** The jobs that could not be checked, or whose event could not be handled, and why. */
  failed: readonly { job: string; error: unknown }[]
}

const AT_ONCE = 4
const RECENT_MS = 60_000
const PAGE = 100

/** Collects what a sweep finds. */
export interface Sweep<J extends LookedUpJob> {
  /** Checks jobs, a few at a time. Resolves to whether the API could be read. */
  check(jobs: readonly J[]): Promise<boolean>
  /** What was found so far. */
  result(): Reconciled
}

/**
 * Starts a sweep. Once the API cannot be read, the jobs that are left fail without a request.
 *
 * @param later Called for each job that runs, or that could not be checked
 */
export function startSweep<J extends LookedUpJob>(
  deps: LookupDeps,
  later: (job: J) => Promise<void> = async () => {},
): Sweep<J> {
  const found = new Map<Found, string[]>([
    ['missed', []],
    ['known', []],
    ['unhandled', []],
    ['running', []],
    ['not_found', []],
  ])
  const failed: { job: string; error: unknown }[] = []
  const outage = createOutageDetector()
  let down: ResultUnavailableError | undefined
  let checked = 0

  const checkOne = async (job: J) => {
    checked++
    try {
      if (down) throw down
      const outcome = await settleJob(job, 'reconcile', deps)
      found.get(outcome)!.push(job.name)
      if (job.event === undefined) outage.answered()
      if (outcome === 'running') await later(job)
    } catch (error) {
      if (error instanceof ResultUnavailableError && outage.failed(job.name, error)) down = error
      failed.push({ job: job.name, error })
      await later(job)
    }
  }
  return {
    async check(jobs) {
      const left = [...jobs]
      const work = async () => {
        for (let job = left.shift(); job; job = left.shift()) await checkOne(job)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
      return down === undefined
    },
    result: () => ({
      checked,
      missed: found.get('missed')!,
      unhandled: found.get('unhandled')!,
      running: found.get('running')!,
      notFound: found.get('not_found')!,
      failed,
    }),
  }
}

/**
 * Checks every job of a ledger that is not settled and was not looked up within the last minute.
 *
 * @param oldest Only jobs created at this time or before, in epoch milliseconds
 */
export async function sweepLedger(
  deps: LookupDeps,
  oldest: number,
  random: () => number,
): Promise<Reconciled> {
  const { ledger, receiver, clock, signal } = deps
  const sweep = startSweep<LedgerJob>(deps, (job) => {
    const now = clock.now()
    return ledger.postpone(job, signal?.aborted ? now : toNextLook(job.createdAt, now, random))
  })
  const takenBefore = clock.now() - RECENT_MS
  for (let more = true; more && !signal?.aborted; ) {
    const jobs = await ledger.take({
      endpoint: receiver.endpoint,
      takenBefore,
      now: clock.now(),
      until: clock.now() + TAKEN_MS,
      limit: PAGE,
    })
    const young = jobs.filter(({ createdAt }) => createdAt > oldest)
    await Promise.all(young.map((job) => ledger.postpone(job, job.lookAt)))
    const readable = await sweep.check(jobs.filter((job) => !young.includes(job)))
    more = readable && jobs.length === PAGE
  }
  return sweep.result()
}
