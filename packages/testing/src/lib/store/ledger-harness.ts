import type { JobKey, JobLedger, LedgerJob, TakeOptions } from '@gwh/core/store'
import { assertThat } from '../shared/assert.ts'

export const ENDPOINT = 'default'
export const NOW = 1_795_000_000_000
export const MINUTE_MS = 60_000
export const EXPIRES_AT = NOW + 7 * 24 * 60 * MINUTE_MS

/** How the ledger contract creates the ledger it tests. */
export interface LedgerContract {
  /** Makes an empty ledger; called once per test. */
  create(): JobLedger | Promise<JobLedger>
  /** Reopens what the last `create` made, after it was closed. Leave it out for a ledger in memory. */
  reopen?(): JobLedger | Promise<JobLedger>
  /** Lets time pass, in milliseconds, for a ledger that also has a clock of its own. Leave it out for one that has none. */
  advance?(ms: number): Promise<void>
}

/** Registers a rule. */
export type Define = (title: string, run: (harness: Harness) => Promise<void>) => void

/** What a rule examines a ledger with. */
export interface Harness {
  ledger: JobLedger
  /** Adds a job that is due at a time, in minutes from the start. */
  open(id: string, dueMinute?: number): Promise<boolean>
  /** Takes due jobs and returns their ids. */
  take(options?: Partial<TakeOptions>): Promise<string[]>
  find(id: string): Promise<LedgerJob>
  end(id: string, event?: string, times?: { now: number; expiresAt: number }): Promise<boolean>
  begin(holder: string, now?: number, key?: string): Promise<string>
  /** Lets time pass, in minutes, until it is `minute` everywhere; then the ledger is used, so that it can purge. */
  passTo(minute: number): Promise<void>
  restart(): Promise<void>
}

/** The key of a job of the endpoint that rules use unless they say otherwise. */
export const keyOf = (id: string): JobKey => ({ endpoint: ENDPOINT, id })
/** A time, in minutes from the start. */
export const at = (minute: number) => NOW + minute * MINUTE_MS
const idsOf = (jobs: readonly LedgerJob[]) => jobs.map(({ id }) => id)

/** Runs a rule on a ledger of its own. */
export async function withHarness(
  contract: LedgerContract,
  run: (harness: Harness) => Promise<void>,
): Promise<void> {
  let minutes = 0
  const harness: Harness = {
    ledger: await contract.create(),
    open: (id, dueMinute = 1) =>
      harness.ledger.open({ ...keyOf(id), name: `batches/${id}`, createdAt: NOW, lookAt: at(dueMinute) }),
    take: async (options = {}) => {
      const present = { endpoint: ENDPOINT, now: at(1), until: at(10), limit: 100 }
      const due = options.takenBefore === undefined ? { dueAt: at(1) } : {}
      return idsOf(await harness.ledger.take({ ...present, ...due, ...options }))
    },
    async find(id) {
      const found = await harness.ledger.find(keyOf(id))
      assertThat(found !== undefined, `the ledger has no job ${id}`)
      return found
    },
    end: (id, event = '{}', times = { now: NOW, expiresAt: EXPIRES_AT }) =>
      harness.ledger.end({ ...keyOf(id), name: `batches/${id}`, event, ...times }),
    begin: (holder, now = NOW, key = 'key') =>
      harness.ledger.begin(key, holder, { now, leaseUntil: now + MINUTE_MS, expiresAt: EXPIRES_AT }),
    async passTo(minute) {
      await contract.advance?.((minute - minutes) * MINUTE_MS)
      minutes = minute
      await harness.end(`at-${minute}`, '{}', { now: at(minute), expiresAt: at(minute + 1) })
    },
    async restart() {
      await harness.ledger.close?.()
      harness.ledger = (await contract.reopen?.()) ?? harness.ledger
    },
  }
  try {
    await run(harness)
  } finally {
    await harness.ledger.close?.()
  }
}
