import type { Receiver } from '@gwh/core'
import type { Clock } from '@gwh/core/queue'
import type { JobLedger, LedgerJob } from '@gwh/core/store'
import type { Handlings } from '../ledger/handlings.ts'
import type { JobsSignal } from '../ledger/signals.ts'
import type { JobClient } from '../shared/client.ts'

/** What looking up a job needs. */
export interface LookupDeps {
  client: JobClient
  receiver: Pick<Receiver, 'emit' | 'endpoint' | 'handles'>
  ledger: JobLedger
  /** What this process handles. */
  handlings: Handlings
  retentionMs: number
  /** How long a source that does not answer keeps other ones out, in milliseconds. */
  leaseMs: number
  /** How long a look-up may take, in milliseconds. */
  lookupTimeoutMs: number
  /** How long after it was tracked a job without an end is given up, in milliseconds. */
  giveUpAfterMs: number
  clock: Clock
  /**
   * The ids of jobs that nobody tracked, and that the API has not shown yet: their names may be misspelt. Look-ups remove
   * what they find out about. Default: none.
   */
  untracked?: Set<string>
  /** The jobs that a sweep took from the ledger although they were too young for it. The next one checks them. */
  young?: Map<string, { id: string; takenAt: number }>
  /** Ends look-ups when it is aborted. */
  signal?: AbortSignal
  observe: (signal: JobsSignal) => void
  /** Called with each end of a job. */
  ended: (id: string, text: string) => void
}

/** A job that is looked up. */
export type LookedUpJob = Pick<
  LedgerJob,
  'endpoint' | 'id' | 'name' | 'createdAt' | 'lookups' | 'event' | 'userMetadata'
>
