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
// Once the API cannot be read.
const MOST_UNREAD = 100

/** Collects what a sweep finds. */
export interface Sweep<J extends LookedUpJob> {
  /**
   * Checks jobs, a few at a time, until there are no more. Each is taken just before it is checked, so that another process
   * can take it only if this one has died.
   */
  check(next: () => J | undefined | Promise<J | undefined>): Promise<void>
  /** What was found so far. */
  result(): Reconciled
}

/**
 * Starts a sweep. Once the API cannot be read, up to 100 jobs that are left fail without a request.
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
  let unread = 0

  const checkOne = async (job: J) => {
    checked++
    try {
      if (down) {
        unread++
        throw down
      }
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
    async check(next) {
      const take = async () => (unread < MOST_UNREAD ? await next() : undefined)
      const work = async () => {
        for (let job = await take(); job; job = await take()) await checkOne(job)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, work))
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
  const started = clock.now()
  const takenBefore = started - RECENT_MS
  const { endpoint } = receiver
  const put = [...(deps.young?.values() ?? [])].filter(({ takenAt }) => takenAt >= takenBefore)
  deps.young?.clear()
  /** The next job that was too young for an earlier sweep, or that the ledger has. */
  const take = async () => {
    const earlier = put.shift()
    if (earlier) return { takenAt: earlier.takenAt, job: await ledger.find({ endpoint, id: earlier.id }) }
    const now = clock.now()
    const [job] = await ledger.take({ endpoint, takenBefore, now, until: now + TAKEN_MS, limit: 1 })
    return { takenAt: now, job }
  }
  await sweep.check(async () => {
    while (!signal?.aborted) {
      const isEarlier = put.length > 0
      const { job, takenAt } = await take()
      if (!job && !isEarlier) return undefined
      if (!job) continue
      if (job.createdAt <= oldest) return job
      if (!isEarlier) await ledger.postpone(job, job.lookAt)
      deps.young?.set(job.id, { id: job.id, takenAt })
    }
    return undefined
  })
  return sweep.result()
}
