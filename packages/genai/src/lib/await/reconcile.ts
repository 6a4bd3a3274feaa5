import type { Receiver } from '@gwh/core'
import { checkNames, wholeNumber } from '@gwh/core/options'
import { type Clock, systemClock } from '@gwh/core/queue'
import { createMemoryLedger, type JobLedger } from '@gwh/core/store'
import { installGuard } from '../ledger/guard.ts'
import { createHandlings, type Handlings } from '../ledger/handlings.ts'
import { type JobsObserver, quietObserver } from '../ledger/signals.ts'
import type { JobClient } from '../shared/client.ts'
import { toJobKind, toJobName, toLedgerId } from '../shared/job-name.ts'
import { invalid } from '../shared/options.ts'
import { backgroundClock } from './background-clock.ts'
import { type Reconciled, startSweep } from './sweep.ts'
import { LOOKUP_TIMEOUT_MS } from './timing.ts'

/** A job that a service knows to be open: its name, or its name with more about it. */
export type OpenJobName =
  | string
  | {
      /** The name of the job, as the API gave it. */
      name: string
      /** When it was created, in epoch milliseconds, for `olderThanMs`. Default: long ago. */
      createdAt?: number
      /** The `userMetadata` of the job, for its event. Default: none. */
      userMetadata?: Readonly<Record<string, unknown>>
    }

/** Options of `reconcile`. */
export interface ReconcileJobsOptions {
  /** A `GoogleGenAI` client of `@google/genai` 2 or 3. */
  client: JobClient
  /** The receiver whose handlers get the events that were missed. */
  receiver: Receiver
  /** Returns the jobs that your service takes to be open. */
  jobs: () => Iterable<OpenJobName> | Promise<Iterable<OpenJobName>>
  /** Only jobs created at least this long ago, in milliseconds. Default 0. */
  olderThanMs?: number
  /**
   * Where handled events are remembered, so that a webhook that comes late is a duplicate. Default: in memory, from the
   * first call with this receiver on.
   */
  ledger?: JobLedger
  /** Called for everything that happens to jobs. */
  observer?: JobsObserver
  /** The clock. Default: the system clock. */
  clock?: Clock
}

const NAMES = ['client', 'receiver', 'jobs', 'olderThanMs', 'ledger', 'observer', 'clock']
const RETENTION_MS = 168 * 3_600_000
const LEASE_MS = 900_000

// One guard for each receiver and ledger, however often a sweep runs.
const guarded = new WeakMap<Receiver, WeakMap<JobLedger, Handlings>>()
const inMemory = new WeakMap<Receiver, JobLedger>()

/**
 * Looks up jobs that a service takes to be open, from its own list, and takes the events that were missed to the handlers.
 * For services that do not track their jobs; those that do call `jobs.reconcile()`.
 *
 * An event that a webhook reports later, or reported since the first call, is not handled twice.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * await reconcile({ client, receiver, jobs: () => db.openJobNames(), olderThanMs: 3_600_000 })
 * ```
 */
export async function reconcile(options: ReconcileJobsOptions): Promise<Reconciled> {
  checkNames(options, NAMES, 'reconcile()')
  const { client, receiver, jobs, clock = systemClock } = options
  if (typeof jobs !== 'function') throw invalid('jobs must be a function')
  const olderThanMs = wholeNumber('olderThanMs', options.olderThanMs, 0, 0)
  const ledger = options.ledger ?? ledgerInMemory(receiver)
  const observe = quietObserver(options.observer)
  const deps = {
    client,
    receiver,
    ledger,
    handlings: createHandlings(),
    retentionMs: RETENTION_MS,
    leaseMs: LEASE_MS,
    lookupTimeoutMs: LOOKUP_TIMEOUT_MS,
    // The age of a job may be unknown.
    giveUpAfterMs: Number.POSITIVE_INFINITY,
    clock,
    observe,
    ended: () => {},
  }
  // A ledger that is away keeps no process alive.
  const guard = { ...deps, clock: options.clock ?? backgroundClock }
  const handlings = guardOnce(receiver, ledger, deps.handlings, () => installGuard(guard))
  const oldest = clock.now() - olderThanMs
  const sweep = startSweep({ ...deps, handlings })
  const given = [...(await jobs())].map((job) => toJob(job, receiver.endpoint))
  const left = given.filter(({ createdAt }) => createdAt <= oldest)
  await sweep.check(() => left.shift())
  return sweep.result()
}

function toJob(job: OpenJobName, endpoint: string) {
  const { createdAt = 0, userMetadata } = typeof job === 'string' ? {} : job
  const name = toJobName(job)
  const metadata = userMetadata === undefined ? {} : { userMetadata: JSON.stringify(userMetadata) }
  return { endpoint, id: toLedgerId(toJobKind(name), name), name, createdAt, lookups: 0, ...metadata }
}

function ledgerInMemory(receiver: Receiver): JobLedger {
  const ledger = inMemory.get(receiver) ?? createMemoryLedger()
  inMemory.set(receiver, ledger)
  return ledger
}

/** Returns what the guard knows: the one that is installed already, or a new one. */
function guardOnce(
  receiver: Receiver,
  ledger: JobLedger,
  handlings: Handlings,
  install: () => void,
): Handlings {
  const ledgers = guarded.get(receiver) ?? new WeakMap<JobLedger, Handlings>()
  guarded.set(receiver, ledgers)
  const known = ledgers.get(ledger)
  if (known) return known
  ledgers.set(ledger, handlings)
  install()
  return handlings
}
