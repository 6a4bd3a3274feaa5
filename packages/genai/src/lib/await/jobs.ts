import { JOB_TOKEN_FIELD } from '@gwh/core/job-token'
import { checkNames, wholeNumber } from '@gwh/core/options'
import { systemClock } from '@gwh/core/queue'
import { createMemoryLedger } from '@gwh/core/store'
import { checkSize, copyMetadata } from '../dispatch/metadata.ts'
import { installGuard } from '../ledger/guard.ts'
import { createHandlings } from '../ledger/handlings.ts'
import { quietObserver } from '../ledger/signals.ts'
import { createContinuationMemory } from '../results/continuation-memory.ts'
import { rememberIn } from '../results/continue-once.ts'
import { fetchResult } from '../results/fetch-result.ts'
import { ResultError } from '../shared/errors.ts'
import { type JobLike, toJobKind, toJobName, toLedgerId } from '../shared/job-name.ts'
import { backgroundClock } from './background-clock.ts'
import { JobUntrackedError } from './errors.ts'
import { NOT_FOUND } from './find-end.ts'
import type { Jobs, JobsOptions } from './jobs-types.ts'
import type { LookupDeps } from './lookup-deps.ts'
import { createOverdueJobs } from './overdue.ts'
import { patiently } from './patiently.ts'
import { readEnd } from './settle-job.ts'
import { sweepLedger } from './sweep.ts'
import { LOOKUP_TIMEOUT_MS, toExpectedMs, toFirstLook } from './timing.ts'
import { createWaitLimits } from './wait-limits.ts'
import { createWaiters, type DoneOptions } from './waiters.ts'

const NAMES = [
  'client',
  'receiver',
  'ledger',
  'expectedMs',
  'retentionMs',
  'pollMs',
  'leaseMs',
  'lookupTimeoutMs',
  'giveUpAfterMs',
  'fetchFile',
  'observer',
  'clock',
  'random',
]
const HOUR_MS = 3_600_000

/**
 * Awaits jobs by their webhooks. Puts itself before the handlers of the receiver, so create it before the first delivery
 * arrives, in each process that handles events.
 *
 * A webhook that does not come is not waited for in vain: a job without an event by the expected time is looked up, with
 * growing waits, and its event goes to the same handlers. An event that both report is handled once.
 *
 * @throws WebhookConfigError `option_invalid`
 * @example
 * ```ts
 * const jobs = createJobs({ client, receiver, ledger: createSqliteLedger({ path: 'jobs.db' }) })
 * const job = await jobs.track(client.batches.create({ model, src, config: { webhookConfig } }))
 * const result = await jobs.done(job)
 * ```
 */
export function createJobs(options: JobsOptions): Jobs {
  checkNames(options, NAMES, 'createJobs()')
  const { client, receiver, fetchFile, random = Math.random, ledger = createMemoryLedger() } = options
  const { clock = systemClock } = options
  const expectedMs = toExpectedMs(options.expectedMs)
  const retentionMs = wholeNumber('retentionMs', options.retentionMs, 168 * HOUR_MS, 25 * HOUR_MS)
  const leaseMs = wholeNumber('leaseMs', options.leaseMs, 900_000)
  const untracked = new Set<string>()
  const sweeps = new Set<AbortController>()
  const limits = createWaitLimits(clock)
  const waiters = createWaiters({
    ledger,
    receiver,
    clock,
    pollMs: wholeNumber('pollMs', options.pollMs, 1_000),
    reopen: async (name, userMetadata) => void (await open(name, 0, userMetadata)),
  })
  const deps: LookupDeps = {
    client,
    receiver,
    ledger,
    handlings: createHandlings(),
    retentionMs,
    leaseMs,
    lookupTimeoutMs: wholeNumber('lookupTimeoutMs', options.lookupTimeoutMs, LOOKUP_TIMEOUT_MS),
    giveUpAfterMs: wholeNumber('giveUpAfterMs', options.giveUpAfterMs, 168 * HOUR_MS),
    clock: options.clock ?? backgroundClock,
    observe: quietObserver(options.observer),
    ended: waiters.ended,
    untracked,
    young: new Map(),
  }
  const removeGuard = installGuard({ ...deps, receiver })
  const forget = options.ledger ? rememberIn(client, createContinuationMemory({ ledger, clock })) : () => {}
  const overdue = createOverdueJobs({ ...deps, random })
  // Jobs from before a restart are in the ledger.
  overdue.plan()

  const open = async (name: string, expected: number, userMetadata?: string) => {
    const createdAt = clock.now()
    const lookAt = toFirstLook(createdAt, expected, random)
    const metadata = userMetadata === undefined ? {} : { userMetadata }
    const { endpoint } = receiver
    const isNew = await ledger.open({ endpoint, id: idOf(name), name, createdAt, lookAt, ...metadata })
    overdue.plan(lookAt)
    return isNew
  }
  return {
    async track(job, trackOptions = {}) {
      const made = await job
      const name = toJobName(made)
      try {
        checkNames(trackOptions, ['expectedMs', 'userMetadata'], 'track()')
        const expected = wholeNumber('expectedMs', trackOptions.expectedMs, expectedMs[toJobKind(name)], 0)
        const metadata = toMetadataText(trackOptions.userMetadata ?? metadataOf(made))
        untracked.delete(idOf(name))
        await patiently(() => open(name, expected, metadata), clock)
      } catch (error) {
        throw new JobUntrackedError(made, name, error)
      }
      return made
    },
    async done(job: JobLike, doneOptions: DoneOptions = {}): Promise<never> {
      checkNames(doneOptions, ['timeoutMs', 'signal'], 'done()')
      wholeNumber('timeoutMs', doneOptions.timeoutMs, 0, 0)
      const name = toJobName(job)
      const limit = limits.begin(name, doneOptions)
      const { signal } = limit
      try {
        // A job that nobody tracked may have ended already.
        const isNew = await patiently(() => open(name, 0), clock, signal)
        if (isNew) untracked.add(idOf(name))
        const event = readEnd(name, await waiters.wait(idOf(name), name, signal))
        limit.ended()
        if (event.type === NOT_FOUND)
          throw new ResultError('result_not_found', `the API does not know ${name}`)
        const options = { client, signal, ...(fetchFile && { fetchFile }) }
        // What it is depends on the job; the overloads say so.
        return (await fetchResult(event, options)) as never
      } finally {
        limit.release()
      }
    },
    async reconcile({ olderThanMs, ...rest } = {}) {
      checkNames(rest, [], 'reconcile()')
      const oldest = clock.now() - wholeNumber('olderThanMs', olderThanMs, 0, 0)
      const sweep = new AbortController()
      sweeps.add(sweep)
      const found = await sweepLedger({ ...deps, signal: sweep.signal }, oldest, random).finally(() =>
        sweeps.delete(sweep),
      )
      overdue.plan()
      return found
    },
    async close() {
      limits.close()
      for (const sweep of sweeps) sweep.abort(new DOMException('jobs.close() was called', 'AbortError'))
      await overdue.close()
      removeGuard()
      forget()
    },
  }
}

function idOf(name: string): string {
  return toLedgerId(toJobKind(name), name)
}

/** The API shows an interaction with the webhook configuration it was created with. */
function metadataOf(job: JobLike): Readonly<Record<string, unknown>> | undefined {
  const { webhook_config } = Object(job) as { webhook_config?: unknown }
  const { user_metadata } = Object(webhook_config) as { user_metadata?: unknown }
  return typeof user_metadata === 'object' && user_metadata !== null
    ? (user_metadata as Record<string, unknown>)
    : undefined
}

/** Returns the metadata of a job as JSON, without its job token. */
function toMetadataText(metadata: Readonly<Record<string, unknown>> | undefined): string | undefined {
  if (metadata === undefined) return undefined
  const copy = copyMetadata(withoutToken(metadata))
  checkSize(copy)
  return JSON.stringify(copy)
}

function withoutToken(metadata: Readonly<Record<string, unknown>>): unknown {
  if (!Object.hasOwn(Object(metadata), JOB_TOKEN_FIELD)) return metadata
  const { [JOB_TOKEN_FIELD]: _, ...rest } = metadata
  return rest
}
