import type { Clock } from '../shared/clock.ts'
import { WebhookUnavailableError } from '../shared/errors.ts'
import { isInstance } from '../shared/thrown.ts'
import type { DeadReason } from './delivery-record.ts'
import { createEffectList } from './effect-list.ts'
import { addFailedAttempt } from './failed-attempts.ts'
import type { InFlight } from './in-flight.ts'
import { guardLease, LeaseLost } from './lease-guard.ts'
import type { Effect, ProcessContext, ProcessDelivery, SettledDelivery } from './queue.ts'
import { toBackoffMs, toDeadReason, WorkerStopped } from './retry-policy.ts'
import type { LeasedDelivery, Settlement } from './settlement.ts'
import type { WorkSettings } from './work-settings.ts'

/** Dependencies of `tryDelivery`. */
export interface TryDeps {
  /** The backend that keeps the delivery. */
  settlement: Settlement
  /** The time that leases, timeouts and retries run on. */
  clock: Clock
  /** A number in [0, 1), for jitter. */
  random: () => number
  /** See `toWorkSettings`. */
  settings: WorkSettings
  /** Handles the delivery. */
  process: ProcessDelivery
  /** The register of running handlers. Default: none. */
  inFlight?: InFlight
}

/**
 * Handles one leased delivery and settles it as done, retrying or dead.
 *
 * Never rejects. If the backend cannot settle the delivery, `settings.onError` is called and the delivery is tried again
 * when its lease expires.
 *
 * @param stop Aborted with `WorkerStopped` to return the delivery to the queue at once
 * @param onHandled Called when the handler has ended and the delivery is about to be settled; not for one without a handler
 * @returns The outcome; `undefined` if the backend could not settle the delivery
 */
export async function tryDelivery(
  deps: TryDeps,
  leased: LeasedDelivery,
  stop: AbortSignal,
  onHandled?: () => void,
): Promise<SettledDelivery | undefined> {
  try {
    const settled = await settle(deps, leased, stop, onHandled)
    deps.settings.onSettled(settled)
    return settled
  } catch (error) {
    deps.settings.onError(error)
    return undefined
  }
}

async function settle(
  deps: TryDeps,
  leased: LeasedDelivery,
  stop: AbortSignal,
  onHandled?: () => void,
): Promise<SettledDelivery> {
  if (leased.unreadable) return await deadLetter(deps, leased, 'corrupt', { error: leased.unreadable })
  // Attempts are counted by the claim, so a delivery that kills its process ends here too.
  if (leased.attempt > deps.settings.maxAttempts) return await deadLetter(deps, leased, 'attempts', undefined)
  return await handle(deps, leased, stop, onHandled)
}

async function handle(
  deps: TryDeps,
  leased: LeasedDelivery,
  stop: AbortSignal,
  onHandled?: () => void,
): Promise<SettledDelivery> {
  const { settlement, clock, settings, inFlight } = deps
  const { leaseMs, handlerTimeoutMs } = settings
  const list = createEffectList(settings.onError)
  const guard = guardLease({ settlement, clock, lease: leased, leaseMs, handlerTimeoutMs, stop })
  inFlight?.add(leased.key, guard)
  let handled = Promise.resolve()
  let failure: { reason: unknown } | undefined
  try {
    guard.signal.throwIfAborted()
    const tx = settlement.transactional ? { tx: list.add } : {}
    handled = deps.process(leased.message, toContext(leased, guard.signal, tx))
    await Promise.race([handled, guard.ended])
  } catch (error) {
    // An aborted handler may throw anything, so the reason for the abort is used instead.
    failure = { reason: guard.signal.aborted ? guard.signal.reason : error }
  }
  guard.close()
  list.close()
  // A handler that continues without its lease must not run twice at once, for as long as it may take.
  if (isInstance(guard.signal.reason, LeaseLost)) removeWhenEnded(deps, leased.key, handled)
  else inFlight?.remove(leased.key)
  const settled = failure ? settleFailure(deps, leased, failure.reason) : complete(deps, leased, list.effects)
  // Only now, so that the storage settles this delivery before it claims the next one.
  onHandled?.()
  return await settled
}

function toContext(
  { attempt, replay }: LeasedDelivery,
  signal: AbortSignal,
  tx: Pick<ProcessContext, 'tx'>,
): ProcessContext {
  return { attempt, signal, ...(replay && { replay }), ...tx }
}

function removeWhenEnded({ inFlight, clock, settings }: TryDeps, key: string, handled: Promise<void>): void {
  if (!inFlight) return
  const cancel = clock.schedule(() => inFlight.remove(key), settings.handlerTimeoutMs)
  const end = () => {
    cancel()
    inFlight.remove(key)
  }
  handled.then(end, end)
}

/** Completes a delivery. An effect that throws undoes the completion, and the delivery has failed like any other. */
async function complete(
  deps: TryDeps,
  leased: LeasedDelivery,
  effects: readonly Effect[],
): Promise<SettledDelivery> {
  try {
    const kept = await deps.settlement.complete(leased, deps.clock.now(), effects)
    return { ...identify(leased), outcome: kept ? 'done' : 'lease_lost' }
  } catch (error) {
    if (isInstance(error, WebhookUnavailableError)) throw error
    return await settleFailure(deps, leased, error)
  }
}

async function settleFailure(
  deps: TryDeps,
  leased: LeasedDelivery,
  error: unknown,
): Promise<SettledDelivery> {
  if (isInstance(error, LeaseLost)) return { ...identify(leased), outcome: 'lease_lost' }
  const reason = toDeadReason(error, leased.attempt, deps.settings.maxAttempts)
  if (reason) return await deadLetter(deps, leased, reason, { error })
  const now = deps.clock.now()
  const dueAt = isInstance(error, WorkerStopped)
    ? now
    : now + toBackoffMs(leased.attempt, deps.settings, deps.random)
  const kept = await deps.settlement.retry(leased, dueAt, now, withFailure(deps, leased, { error }))
  return kept
    ? { ...identify(leased), outcome: 'retry', dueAt, error }
    : { ...identify(leased), outcome: 'lease_lost' }
}

async function deadLetter(
  deps: TryDeps,
  leased: LeasedDelivery,
  reason: DeadReason,
  failure: Failure | undefined,
): Promise<SettledDelivery> {
  const history = withFailure(deps, leased, failure)
  const kept = await deps.settlement.deadLetter(leased, reason, deps.clock.now(), history)
  return kept
    ? { ...identify(leased), outcome: 'dead', reason, error: failure?.error }
    : { ...identify(leased), outcome: 'lease_lost' }
}

/** What an attempt failed with. An object, because a handler may throw `undefined`. */
interface Failure {
  error: unknown
}

/** The failed attempts with this one; `undefined` when nothing failed or the worker only stopped. */
function withFailure(
  { clock, settings }: TryDeps,
  { attempt, history = [] }: LeasedDelivery,
  failure: Failure | undefined,
) {
  if (!failure || isInstance(failure.error, WorkerStopped)) return undefined
  const failed = { attempt, failedAt: clock.now(), error: failure.error }
  return addFailedAttempt(history, failed, settings.recordStacks)
}

function identify({ message, attempt }: LeasedDelivery) {
  return { message, attempt }
}
