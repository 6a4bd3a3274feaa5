import type { DeliverySignal, EmulatorObserver, EmulatorSignal } from '../shared/signals.ts'
import type { Storage } from '../storage/storage.ts'
import type { Outcome } from './attempt.ts'
import { type Delivery, identify, registrationOf } from './delivery.ts'

/** Tells the observer about deliveries, once what it is told is stored. */
export interface Reports {
  attemptStarted(delivery: Delivery): void
  attemptFinished(delivery: Delivery, number: number, outcome: Outcome, durationMs: number): void
  retryPlanned(delivery: Delivery, startsAt: number): void
  ended(delivery: Delivery, state: 'acked' | 'exhausted' | 'disabled'): void
  webhookDisabled(delivery: Delivery): void
}

interface ReportsOptions {
  readonly observer: EmulatorObserver
  readonly storage: Storage
  readonly now: () => number
  /** Where a delivery goes now. */
  readonly uriOf: (delivery: Delivery) => string
}

/** Creates the reports of a sender. */
export function createReports({ observer, storage, now, uriOf }: ReportsOptions): Reports {
  const tell = (signal: EmulatorSignal) => storage.afterCommit(() => observer(signal))
  const describe = (delivery: Delivery): DeliverySignal => ({
    at: now(),
    uri: uriOf(delivery),
    ...identify(delivery),
  })
  return {
    attemptStarted(delivery) {
      tell({ type: 'attempt_started', ...describe(delivery), attempt: delivery.attempts.length })
    },
    attemptFinished(delivery, number, { status, code }, durationMs) {
      const { attempt, uri } = delivery.attempts[number - 1]!
      const about = { ...describe(delivery), uri, attempt, durationMs }
      const result = { ...(status !== undefined && { status }), ...(code && { code }) }
      tell({ type: 'attempt_finished', ...about, ...result })
    },
    retryPlanned(delivery, startsAt) {
      const attempt = delivery.attempts.length + 1
      tell({ type: 'retry_planned', ...describe(delivery), attempt, startsAt })
    },
    ended(delivery, state) {
      tell({ type: `delivery_${state}`, ...describe(delivery), attempts: delivery.attempts.length })
    },
    webhookDisabled(delivery) {
      const registrationId = registrationOf(delivery)!
      tell({ type: 'webhook_disabled', at: now(), registrationId, uri: uriOf(delivery) })
    },
  }
}
