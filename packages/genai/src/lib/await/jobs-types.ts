import type { Receiver } from '@gwh/core'
import type { Clock } from '@gwh/core/queue'
import type { JobLedger } from '@gwh/core/store'
import type { JobsObserver } from '../ledger/signals.ts'
import type { BatchResult } from '../results/batch-result.ts'
import type { FetchFile } from '../results/download.ts'
import type { JobResult } from '../results/fetch-result.ts'
import type { InteractionResult, PendingCalls } from '../results/interaction-result.ts'
import type { VideoResult } from '../results/video-result.ts'
import type { JobClient } from '../shared/client.ts'
import type { JobKind, JobLike } from '../shared/job-name.ts'
import type { Reconciled } from './sweep.ts'
import type { DoneOptions } from './waiters.ts'

/** Options of `createJobs`. */
export interface JobsOptions {
  /** A `GoogleGenAI` client of `@google/genai` 2 or 3. */
  client: JobClient
  /** The receiver that gets the webhooks of the jobs. Events that were missed go to its handlers too. */
  receiver: Receiver
  /** Where jobs are remembered. Default: in memory, for one process. */
  ledger?: JobLedger
  /**
   * When the event of a job is expected at the latest, in milliseconds after the job was tracked. A job without an event by
   * then is looked up. Default: 1 hour for a batch, 15 minutes for an interaction, 5 minutes for a video.
   */
  expectedMs?: Partial<Record<JobKind, number>>
  /** How long an ended job is remembered, in milliseconds. Default 7 days, at least 25 hours. */
  retentionMs?: number
  /** How often `done` reads the ledger for ends that another process noted, in milliseconds. Default 1 000. */
  pollMs?: number
  /**
   * How long a handler that never ends keeps the same event of the other source, webhook or look-up, from being handled in
   * another process, in milliseconds. Longer than any handler runs. Its own process does not handle the event again while it
   * runs. Default 900 000.
   */
  leaseMs?: number
  /** How long one look-up of a job may take, in milliseconds; its request is ended then. Default 60 000. */
  lookupTimeoutMs?: number
  /**
   * When a job without an end is given up, in milliseconds after it was tracked: `done` rejects with `job_given_up`, and the
   * job is not looked up any more. It has been looked up five times before, at least. An API that cannot be reached gives up no job. Default
   * 604 800 000, 7 days.
   */
  giveUpAfterMs?: number
  /** Opens a file as a stream, for results. Default: the client's own connection. */
  fetchFile?: FetchFile
  /** Called for everything that happens to jobs. */
  observer?: JobsObserver
  /** The clock. Default: the system clock; its timers for look-ups do not keep a process alive. */
  clock?: Clock
  /** A number in [0, 1), to spread look-ups. Default `Math.random`. */
  random?: () => number
}

/** Options of `Jobs.track`. */
export interface TrackOptions {
  /** When the event of this job is expected at the latest, in milliseconds from now. Default: that of its kind. */
  expectedMs?: number
  /**
   * The `userMetadata` of the job, for its event if the webhook is missed: JSON, at most 8 KiB. The API does not give it back.
   */
  userMetadata?: Readonly<Record<string, unknown>>
}

/** Options of `Jobs.reconcile`. */
export interface ReconcileOptions {
  /** Only jobs tracked at least this long ago, in milliseconds. Default 0. */
  olderThanMs?: number
}

/** The result of a job, by the type of what the SDK's call returned. Known only by its name, it can be any. */
export type ResultOf<J> = 'dest' extends keyof J
  ? BatchResult
  : '_fromAPIResponse' extends keyof J
    ? VideoResult
    : 'steps' extends keyof J
      ? InteractionResult | PendingCalls
      : JobResult

/** A batch, as the SDK's call returned it; no interaction and no video. */
export type BatchLike = JobLike & { dest?: object; steps?: never; _fromAPIResponse?: never }

/** The jobs that you await. */
export interface Jobs {
  /**
   * Remembers a job until it has ended.
   *
   * @param job What the SDK's call returned, or its promise
   * @returns The same job, or its rejection
   * @throws JobUntrackedError `job_untracked`, with the job, if the ledger stays unavailable for two seconds, does not
   *   answer within its own time limit, or an option is wrong
   * @throws WebhookConfigError `option_invalid` if it has no name and no id
   */
  track<T extends JobLike>(job: T | Promise<T>, options?: TrackOptions): Promise<T>
  /**
   * Waits for the end of a job and fetches its result. Resolved by the webhook, in whatever process it arrives. A job that
   * another process tracked can be awaited too, also after a restart.
   *
   * Resolves as soon as the end is known: before the handlers of the event have run, and before the `missed` signal. Code that
   * needs what a handler does must wait for that itself.
   *
   * @throws JobFailedError `job_failed` if the job ended without a result
   * @throws ResultError `result_not_found` if the API does not know the job, at least a minute after it was tracked, or its
   *   result. Call `done` again to look the job up again. A job that was never tracked, a misspelt name say, is looked up
   *   twice, three seconds apart
   * @throws JobGivenUpError `job_given_up` if no end of the job was found until `giveUpAfterMs`
   * @throws ResultUnavailableError `result_unavailable`; call `done` again
   * @throws WebhookError `wait_timeout`; call `done` again to go on waiting
   * @throws WebhookUnavailableError `store_unavailable` if the ledger is not available when the wait begins, for two seconds, or
   *   does not answer within its own time limit; `draining` once `close` is called, and from then on
   */
  done<J extends JobLike>(job: J, options?: DoneOptions): Promise<ResultOf<J>>
  /** Waits for the end of a batch, with the type of its responses, which are not checked: `done<Answer>(job)`; see above. */
  done<R extends object>(batch: BatchLike, options?: DoneOptions): Promise<BatchResult<R>>
  /** Waits for the end of a job that is known by its name, with the type of a batch's responses; see above. */
  done<R extends object>(name: string, options?: DoneOptions): Promise<JobResult<R>>
  /**
   * Looks up every tracked job that has not ended, and takes the events that were missed to the handlers. Call it when a
   * service starts, and after an outage: Google gives up after 24 hours. Jobs looked up within the last minute are left
   * out, so that several processes can call it at once.
   */
  reconcile(options?: ReconcileOptions): Promise<Reconciled>
  /**
   * Stops looking up jobs, ends the requests of look-ups and sweeps that run, and no longer notes the events of the receiver.
   * Each `done` that waits rejects with `draining`. Waits for handlers that were given a missed event, for ten seconds at
   * most. Closes neither the receiver nor the ledger: close the receiver before, the ledger after.
   */
  close(): Promise<void>
}
