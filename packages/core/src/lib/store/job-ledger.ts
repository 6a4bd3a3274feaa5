/** How long a ledger keeps a job that was settled without an event, in milliseconds: 30 days. */
export const SETTLED_LIFE_MS = 30 * 24 * 3_600_000

/**
 * How far ahead of a caller's clock a ledger takes times for right, in milliseconds: 5 minutes. Beyond that, they were
 * written by a clock that was wrong.
 */
export const LEDGER_SKEW_MS = 300_000

/** Identifies a job in a ledger. */
export interface JobKey {
  /** The endpoint of the receiver that handles the events of the job. Services that share a ledger do not see each other's jobs. */
  endpoint: string
  /** The id of the job: one form for all callers, and different for jobs of different kinds. */
  id: string
}

/** A job to add to a ledger. */
export interface OpenJob extends JobKey {
  /** The name that the API uses for the job: `batches/…`, `models/…/operations/…`, or the id of an interaction. */
  name: string
  /** When the job was created, in epoch milliseconds. */
  createdAt: number
  /** When to look the job up if no event has arrived by then, in epoch milliseconds. */
  lookAt: number
  /** The metadata of the job as JSON. Default: none. */
  userMetadata?: string
}

/** The event with which a job ended. */
export interface JobEnd extends JobKey {
  /** The name of the job as the event gives it, for a job that was never added. */
  name: string
  /** The event as JSON. */
  event: string
  /** The current time, in epoch milliseconds. */
  now: number
  /** When the ledger may forget the job once it is settled, in epoch milliseconds. */
  expiresAt: number
}

/** A job in a ledger. */
export interface LedgerJob extends JobKey {
  /** The name that the API uses for the job; for a job that was never added, the name its event gave. */
  name: string
  /** When the job was created, in epoch milliseconds; for a job that was never added, when it ended. */
  createdAt: number
  /** When the job is looked up next, in epoch milliseconds. */
  lookAt: number
  /** How often the job was taken for a look-up. */
  lookups: number
  /** The metadata of the job as JSON, if it has any. */
  userMetadata?: string
  /** The event with which the job ended, as JSON; absent while it runs. */
  event?: string
}

/** Which jobs `JobLedger.take` takes. */
export interface TakeOptions {
  /** Takes jobs of this endpoint only. */
  endpoint: string
  /** Takes jobs whose look-up is due at this time, or before, in epoch milliseconds. Instead of `takenBefore`. */
  dueAt?: number
  /**
   * Takes jobs that were last taken before this time, or never, whenever they are due, in epoch milliseconds; those first
   * that were not taken for longest.
   */
  takenBefore?: number
  /** The current time, in epoch milliseconds. */
  now: number
  /** When a job that is taken becomes due again unless it is postponed or settled, in epoch milliseconds. */
  until: number
  /** Most jobs to take. */
  limit: number
}

/**
 * Remembers jobs across processes and restarts: which still run, how each ended, and which of their events were handled.
 *
 * Every method is atomic, and its effect is durable once its promise resolves. Times are epoch milliseconds.
 */
export interface JobLedger {
  /**
   * Adds an open job. Resolves to `false`, and changes nothing, if the ledger already has the job, ended or not; but a job
   * that was given up is added anew.
   */
  open(job: OpenJob): Promise<boolean>
  /** Finds a job. */
  find(key: JobKey): Promise<LedgerJob | undefined>
  /**
   * Records the event with which a job ended, whether it was added or not. The first event counts: resolves to `false`
   * if there is one already. The job stays among those that `take` takes until it is settled. A job that was given up is
   * open again.
   */
  end(end: JobEnd): Promise<boolean>
  /**
   * Settles a job whose end was not found, with an event that says so. Resolves to `false`, and changes nothing, if the
   * job has ended. Nothing but an end, another `open` or another `giveUp`, whose
   * event and expiry then count, changes it from then on.
   */
  giveUp(end: JobEnd): Promise<boolean>
  /**
   * Marks a job as settled: nothing is left to do, and `take` no longer returns it. The ledger keeps it until the
   * `expiresAt` of its `end`, or for 30 days if it has no event, and may forget it then.
   *
   * @param now The current time, in epoch milliseconds
   */
  settle(key: JobKey, now: number): Promise<void>
  /**
   * Takes jobs of an endpoint for a look-up, the earliest due first, and resolves to them as they were before. No other
   * caller can take a taken job as due until `until`.
   *
   * A job that was added or taken later than `now` by more than `LEDGER_SKEW_MS`, by a clock that was ahead, counts as added
   * now, due now and never taken.
   */
  take(options: TakeOptions): Promise<LedgerJob[]>
  /** Moves the next look-up of a job that is not settled. */
  postpone(key: JobKey, lookAt: number): Promise<void>
  /**
   * When the next look-up of a job of an endpoint is due; `undefined` if every job is settled.
   *
   * @param now The current time, in epoch milliseconds
   */
  nextLookAt(endpoint: string, now: number): Promise<number | undefined>
  /**
   * Claims the handling of an event for a holder.
   *
   * `claimed`: the holder may handle it; the same holder always may, again after it has completed too. `handled`: another
   * holder has completed it. `in_progress`: another holder has claimed it, and its lease has not ended. A claim that began
   * later than `now` by more than `LEDGER_SKEW_MS` counts as begun now.
   *
   * @param deadlines `leaseUntil`, when the claim of a crashed holder ends, and `expiresAt`, when the ledger may
   *   forget the key
   */
  begin(
    key: string,
    holder: string,
    deadlines: { now: number; leaseUntil: number; expiresAt: number },
  ): Promise<'claimed' | 'handled' | 'in_progress'>
  /** Records the event as handled. Resolves to `false`, and changes nothing, if another holder has claimed it since. */
  complete(key: string, holder: string): Promise<boolean>
  /** Releases a claim. Changes nothing if another holder has claimed the key since, or if it is completed. */
  release(key: string, holder: string): Promise<void>
  /** Releases the resources of the ledger. */
  close?(): Promise<void>
}
