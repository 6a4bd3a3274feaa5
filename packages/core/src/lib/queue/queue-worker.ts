import type { Clock } from '../shared/clock.ts'
import {
  PermanentError,
  WebhookError,
  WebhookPayloadError,
  WebhookUnavailableError,
} from '../shared/errors.ts'
import { checkNames, wholeNumber } from '../shared/options.ts'
import { safeListener } from '../shared/safe-listener.ts'
import type { ExclusiveRunner } from './exclusive-runner.ts'
import { guardLease, LeaseLost } from './lease-guard.ts'
import type { DeadReason, Effect, ProcessDelivery, SettledDelivery, WorkOptions } from './queue.ts'
import type { LeasedDelivery, QueueStorage } from './queue-storage.ts'

/** Work options with every default filled in. */
export type WorkSettings = Required<WorkOptions>

const NAMES = [
  'concurrency',
  'leaseMs',
  'handlerTimeoutMs',
  'maxAttempts',
  'backoffMs',
  'maxBackoffMs',
  'pollMs',
  'stopTimeoutMs',
  'onSettled',
  'onError',
  'maxMs',
]

/** @throws WebhookConfigError `option_invalid` */
export function toWorkSettings(options: WorkOptions = {}): WorkSettings {
  checkNames(options, NAMES, 'work()')
  return {
    concurrency: wholeNumber('concurrency', options.concurrency, 8),
    leaseMs: wholeNumber('leaseMs', options.leaseMs, 60_000),
    handlerTimeoutMs: wholeNumber('handlerTimeoutMs', options.handlerTimeoutMs, 600_000),
    maxAttempts: wholeNumber('maxAttempts', options.maxAttempts, 12),
    backoffMs: wholeNumber('backoffMs', options.backoffMs, 1_000),
    maxBackoffMs: wholeNumber('maxBackoffMs', options.maxBackoffMs, 3_600_000),
    pollMs: wholeNumber('pollMs', options.pollMs, 1_000),
    stopTimeoutMs: wholeNumber('stopTimeoutMs', options.stopTimeoutMs, 25_000, 0),
    onSettled: safeListener(options.onSettled),
    onError: safeListener(options.onError),
  }
}

/** What the try of one delivery needs around it. */
export interface WorkerDeps {
  storage: QueueStorage
  runner: ExclusiveRunner<LeasedDelivery, Omit<Parameters<QueueStorage['claim']>[0], 'alone'>>
  clock: Clock
  random: () => number
  settings: WorkSettings
  process: ProcessDelivery
}

/**
 * Tries one delivery claimed on the runner, settles it (done, to be retried, or dead) and leaves.
 *
 * Never rejects: what the storage could not settle is tried again once its lease has run out.
 */
export async function tryDelivery(
  deps: WorkerDeps,
  leased: LeasedDelivery,
  stop: AbortSignal,
): Promise<void> {
  try {
    // Attempts are counted by the claim, so a delivery that kills its process ends here too.
    const outcome =
      leased.attempt > deps.settings.maxAttempts
        ? await deadLetter(deps, leased, 'attempts', undefined)
        : await handle(deps, leased, stop)
    deps.settings.onSettled(outcome)
  } catch (error) {
    deps.settings.onError(error)
  } finally {
    deps.runner.finished()
  }
}

async function handle(deps: WorkerDeps, leased: LeasedDelivery, stop: AbortSignal): Promise<SettledDelivery> {
  const { storage, clock, settings } = deps
  const { leaseMs, handlerTimeoutMs } = settings
  const effects: Effect[] = []
  const guard = guardLease({ storage, clock, lease: leased, leaseMs, handlerTimeoutMs, stop })
  try {
    const tx = storage.transactional ? { tx: (effect: Effect) => void effects.push(effect) } : {}
    const context = { attempt: leased.attempt, signal: guard.signal, ...tx }
    await Promise.race([deps.process(leased.message, context), guard.ended])
  } catch (error) {
    // A handler that was told to stop fails in words of its own; why it was told so is what counts.
    return await settleFailure(deps, leased, guard.signal.aborted ? guard.signal.reason : error)
  } finally {
    guard.close()
  }
  return await complete(deps, leased, effects)
}

/** Why a worker that is shutting down gave a delivery back. */
export class WorkerStopped extends WebhookError {
  constructor() {
    super('draining', 'the worker was stopped')
  }
}

/** An effect that throws takes the completion back with it: the delivery has failed like any other. */
async function complete(
  deps: WorkerDeps,
  leased: LeasedDelivery,
  effects: readonly Effect[],
): Promise<SettledDelivery> {
  try {
    const kept = await deps.storage.complete(leased, deps.clock.now(), effects)
    return { ...identify(leased), outcome: kept ? 'done' : 'lease_lost' }
  } catch (error) {
    if (error instanceof WebhookUnavailableError) throw error
    return await settleFailure(deps, leased, error)
  }
}

async function settleFailure(
  deps: WorkerDeps,
  leased: LeasedDelivery,
  error: unknown,
): Promise<SettledDelivery> {
  if (error instanceof LeaseLost) return { ...identify(leased), outcome: 'lease_lost' }
  const reason = deadReason(deps, leased, error)
  if (reason) return await deadLetter(deps, leased, reason, error)
  const now = deps.clock.now()
  const dueAt = error instanceof WorkerStopped ? now : now + backoff(deps, leased.attempt)
  const kept = await deps.storage.retry(leased, dueAt)
  return kept
    ? { ...identify(leased), outcome: 'retry', dueAt, error }
    : { ...identify(leased), outcome: 'lease_lost' }
}

function deadReason(deps: WorkerDeps, leased: LeasedDelivery, error: unknown): DeadReason | undefined {
  if (error instanceof PermanentError) return 'handler_rejected'
  if (error instanceof WebhookPayloadError) return 'payload_invalid'
  if (error instanceof WorkerStopped) return undefined
  return leased.attempt >= deps.settings.maxAttempts ? 'attempts' : undefined
}

/** Full jitter: anywhere between no time and a ceiling that doubles with every attempt. */
function backoff({ settings, random }: WorkerDeps, attempt: number): number {
  const ceiling = Math.min(settings.maxBackoffMs, settings.backoffMs * 2 ** (attempt - 1))
  // Never nothing at all: one drain would otherwise use up every attempt.
  return Math.max(1, Math.ceil(random() * ceiling))
}

async function deadLetter(
  deps: WorkerDeps,
  leased: LeasedDelivery,
  reason: DeadReason,
  error: unknown,
): Promise<SettledDelivery> {
  const kept = await deps.storage.deadLetter(leased, reason, deps.clock.now())
  return kept
    ? { ...identify(leased), outcome: 'dead', reason, error }
    : { ...identify(leased), outcome: 'lease_lost' }
}

function identify({ message, attempt }: LeasedDelivery) {
  return { message, attempt }
}
