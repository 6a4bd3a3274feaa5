import { checkNames } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import type { JobLedger } from '@gwh/core/store'
import { invalid } from '../shared/options.ts'
import type { ContinuationMemory } from './continue-once.ts'

/** Options of `createContinuationMemory`. */
export interface ContinuationMemoryOptions {
  /** The ledger that remembers: `createSqliteLedger`, or `createRedisLedger` for several machines. */
  ledger: JobLedger
  /** The clock. Default: the system clock. */
  clock?: Clock
}

// No receiver has this endpoint, so no look-up and no sweep takes these rows.
const ENDPOINT = 'gwh continuations'
const REMEMBERED_MS = 30 * 24 * 3_600_000
// Only the reading and the first mark must fall within it: who comes after that finds the mark.
const LEASE_MS = 60_000
const AGAIN_MS = 200

/**
 * Creates a memory for `PendingCalls.respond` in a job ledger: durable, and shared by all processes that share the ledger.
 * Two that answer the same calls at the same moment take turns, and the second gets the continuation of the first. A
 * continuation is remembered for 30 days.
 *
 * `createJobs` with a ledger does this for its client already; use it where there is no `createJobs`.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * const memory = createContinuationMemory({ ledger: createSqliteLedger({ path: 'jobs.db' }) })
 * await pending.respond(results, request, { memory })
 * ```
 */
export function createContinuationMemory(options: ContinuationMemoryOptions): ContinuationMemory {
  checkNames(options, ['ledger', 'clock'], 'createContinuationMemory()')
  const { ledger, clock = systemClock } = options
  if (typeof ledger?.giveUp !== 'function') throw invalid('ledger must be a job ledger')
  const claim = (key: string, holder: string) => {
    const now = clock.now()
    return ledger.begin(key, holder, { now, leaseUntil: now + LEASE_MS, expiresAt: now + REMEMBERED_MS })
  }
  return {
    async get(key) {
      return (await ledger.find({ endpoint: ENDPOINT, id: key }))?.event
    },
    async set(key, value) {
      const now = clock.now()
      // The one write of a ledger that replaces what is there.
      const row = {
        endpoint: ENDPOINT,
        id: key,
        name: key,
        event: value,
        now,
        expiresAt: now + REMEMBERED_MS,
      }
      await ledger.giveUp(row)
    },
    async exclusively(key, step) {
      const holder = crypto.randomUUID()
      while ((await claim(key, holder)) !== 'claimed') {
        await new Promise<void>((resolve) => clock.schedule(resolve, AGAIN_MS))
      }
      try {
        return await step()
      } finally {
        // If this fails, the lease ends by itself.
        await ledger.release(key, holder).catch(() => {})
      }
    },
  }
}
