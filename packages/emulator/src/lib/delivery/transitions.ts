import type { Profile } from '../shared/delivery-options.ts'
import type { DeliveryFault } from '../shared/fault-types.ts'
import type { Attempt } from '../shared/types.ts'
import type { Outcome } from './attempt.ts'
import type { Delivery, DeliveryEnd } from './delivery.ts'
import { nextAttemptAt, parseRetryAfter, type RetryPlan } from './schedule.ts'

/** What decides about a delivery after an attempt. */
export interface Rules {
  readonly plan: RetryPlan
  readonly profile: Profile
}

/** What follows an attempt: the delivery ends, or there is another attempt. */
export type Decision = { readonly end: DeliveryEnd } | { readonly nextAttemptAt: number }

/** Notes which faults hold the next attempt back. */
export function withHold(delivery: Delivery, faults: readonly DeliveryFault[]): Delivery {
  const by = faults.map(({ type }) => type)
  return { ...delivery, heldBack: { attempt: delivery.attempts.length + 1, by } }
}

/** Adds the record of an attempt that starts now. */
export function withAttempt(
  delivery: Delivery,
  uri: string,
  startedAt: number,
  {
    faults,
    headers,
  }: { faults: readonly DeliveryFault[]; headers: Readonly<Record<string, string>> | undefined },
): Delivery {
  const number = delivery.attempts.length + 1
  const holds = delivery.heldBack?.attempt === number ? delivery.heldBack.by : []
  const names = [...holds, ...faults.map(({ type }) => type)]
  const attempt: Attempt = {
    attempt: number,
    uri,
    startedAt,
    ...(headers && { headers }),
    ...(names.length > 0 && { faults: names }),
  }
  const endpoint = { ...delivery.endpoint, uri }
  return { ...delivery, endpoint, attempts: [...delivery.attempts, attempt], nextAttemptAt: undefined }
}

/** Completes the record of an attempt, by its number. */
export function withOutcome(
  delivery: Delivery,
  number: number,
  { status, code, answer, reason }: Outcome,
  durationMs: number,
): Delivery {
  const attempt: Attempt = {
    ...delivery.attempts[number - 1]!,
    ...(status !== undefined && { status }),
    ...(code && { code }),
    durationMs,
    ...(answer && { answer }),
    ...(reason && { reason }),
  }
  return { ...delivery, attempts: delivery.attempts.with(number - 1, attempt) }
}

/** Decides what follows an attempt that finished at `now`. */
export function decide(delivery: Delivery, outcome: Outcome, rules: Rules, now: number): Decision {
  const { status, code } = outcome
  if (code === undefined) return { end: 'acked' }
  if (status === 410 && rules.profile === 'standard-webhooks') return { end: 'gone' }
  if (status !== undefined && !isRetried(delivery, status)) return { end: 'exhausted' }
  const at = nextAttemptAt(rules.plan, {
    createdAt: delivery.createdAt,
    // One that the emulator cut short uses up none of the receiver's.
    attempts: delivery.attempts.filter((attempt) => attempt.code !== 'closed').length,
    finishedAt: now,
    retryAfterMs: parseRetryAfter(outcome.retryAfter, now),
  })
  return at === undefined ? { end: 'exhausted' } : { nextAttemptAt: at }
}

function isRetried({ endpoint }: Delivery, status: number): boolean {
  return endpoint.scheme === 'static' || (endpoint.retryOn?.includes(status) ?? true)
}

/**
 * What an earlier process left of a pending delivery, ready to go on. An attempt that was cut may not have been
 * sent, so it is recorded as such and made again at once.
 */
export function toResumed(delivery: Delivery, now: number): Delivery & { nextAttemptAt: number } {
  const last = delivery.attempts.at(-1)
  const wasCut = last !== undefined && last.durationMs === undefined
  const known = wasCut
    ? withOutcome(delivery, last.attempt, { code: 'closed', retryAfter: null }, 0)
    : delivery
  return { ...known, nextAttemptAt: known.nextAttemptAt ?? now }
}

// Timers are late on a busy machine; the attempt that is planned for the very end must still be made.
const LATE_MS = 60_000

/** Whether an attempt would come too late: the process was down, or the receiver's backlog too long. */
export function isTooLate(delivery: Delivery, plan: RetryPlan, now: number): boolean {
  const { createdAt, redeliveredAt = createdAt } = delivery
  return now > redeliveredAt + plan.giveUpAfterMs + LATE_MS
}
