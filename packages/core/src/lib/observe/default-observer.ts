import { type Clock, monotonicNow } from '../shared/clock.ts'
import { isProduction } from '../shared/environment.ts'
import type { WebhookErrorCode } from '../shared/errors.ts'
import type { Refusal } from '../shared/refusal.ts'
import { toLine } from './log-line.ts'
import type { ReceiverObserver, ReceiverSignal } from './observer.ts'

/**
 * Creates a filter that returns `true` for a repeated refusal. `raw_body_required` is a mistake in the mounting that
 * affects every delivery, so each message is reported once.
 */
export function createRepetitionFilter(): (refusal: Refusal) => boolean {
  const seen = new Set<string>()
  return ({ refused, message }) => {
    if (refused !== 'raw_body_required') return false
    const before = seen.size
    return seen.add(message).size === before
  }
}

/** What the default observer needs. */
export interface DefaultObserverOptions {
  clock: Clock
  /** Whether refusals are explained, so that their codes need not be printed as well. */
  explains: boolean
}

const PRINT_EVERY_MS = 60_000

// Refusals that a wrong secret, key set or clock causes. A stranger can cause them too.
const PROBABLE_MISTAKES = new Set<WebhookErrorCode>([
  'signature_invalid',
  'scheme_unsupported',
  'secret_unavailable',
  'jwks_unavailable',
  'job_unknown',
  'timestamp_too_old',
  'timestamp_too_new',
])
const HINT = 'Set explain: true to learn why, or an observer to replace this line. Printed once a minute.'

/**
 * Creates the observer of a receiver without one, so that a mistake does not go unnoticed.
 *
 * Prints mistakes in the setup, warnings and explanations, and failures once a minute for each kind. Outside
 * production it also prints refusals that a wrong secret or clock may have caused, events that no handler matches, and
 * `queue_in_progress`, which workers of several processes cause without a crash.
 */
export function createDefaultObserver({ clock, explains }: DefaultObserverOptions): ReceiverObserver {
  const isDue = createRateLimit(clock)
  return (signal) => {
    if (signal.type === 'warning') {
      if (!isProduction() || signal.code !== 'queue_in_progress')
        console.warn(`${signal.code}: ${signal.message}`)
    } else if (signal.type === 'explained') console.warn(toLine(signal))
    else if (signal.type === 'refused' && signal.code === 'raw_body_required')
      console.error(`${signal.code}: ${signal.message}`)
    else if (signal.type === 'refused') {
      if (explains || isProduction() || !PROBABLE_MISTAKES.has(signal.code)) return
      if (isDue(signal.code)) console.warn(`${toLine(signal)}. ${HINT}`)
    } else if (isFailure(signal)) {
      if (isDue(signal.type)) console.error(toLine(signal))
    } else if (signal.type === 'unhandled') {
      if (!isProduction() && isDue(signal.type)) console.warn(`${toLine(signal)}: no handler matches`)
    }
  }
}

function isFailure({ type }: ReceiverSignal): boolean {
  return type === 'fault' || type === 'failed' || type === 'dead' || type === 'clock_skew_suspected'
}

/** Creates a function that returns `true` at most once a minute for each name. */
function createRateLimit(clock: Clock): (name: string) => boolean {
  const printedAt = new Map<string, number>()
  return (name) => {
    const present = monotonicNow(clock)
    if (present - (printedAt.get(name) ?? Number.NEGATIVE_INFINITY) < PRINT_EVERY_MS) return false
    printedAt.set(name, present)
    return true
  }
}
