import type { Applied, FaultRules } from '../faults/rules.ts'
import { faultsOf } from '../faults/scenario-faults.ts'
import type { DeliveryFault } from '../shared/fault-types.ts'
import { holdOf, isHold } from './attempt-plan.ts'
import { type Delivery, registrationOf } from './delivery.ts'

/** What goes wrong with the next attempt of a delivery. */
export interface Interfering {
  readonly faults: readonly DeliveryFault[]
  /** How many milliseconds the attempt is held back first; 0 when it is not, or was already. */
  readonly holdMs: number
}

/** Decides which faults are injected into which attempts. */
export interface Interference {
  /** Counts what it returns, as attempts that start at the same time must not share the last use of a rule. */
  next(delivery: Delivery, uri: string): Interfering
  /** The deliveries that waited for this one to overtake them; they wait no longer. */
  overtaken(delivery: Delivery): readonly string[]
}

/** Injects what the rules say, and what a delivery's own scenario does. */
export function createInterference(rules: FaultRules): Interference {
  /** The delivery that waits to be overtaken, by URI. */
  const waiting = new Map<string, string>()

  function hold(uri: string, id: string, faults: readonly DeliveryFault[]): Interfering {
    const { delayMs, withinMs } = holdOf(faults)
    // One at a time: if all waited for each other, none would be overtaken.
    const isWaiting = withinMs > 0 && !waiting.has(uri)
    if (isWaiting) waiting.set(uri, id)
    return { faults, holdMs: delayMs + (isWaiting ? withinMs : 0) }
  }

  return {
    next(delivery, uri) {
      const attempt = delivery.attempts.length + 1
      const { eventType, jobId, trouble, endpoint } = delivery
      const about = {
        uri,
        registrationId: registrationOf(delivery),
        eventType,
        scheme: endpoint.scheme,
        jobId,
      }
      const own = faultsOf(trouble, attempt).map((fault) => ({ fault, ruleId: '' }))
      const all = [...own, ...rules.forAttempt(about)]
      const holds = all.filter(({ fault }) => isHold(fault))
      const wasHeld = delivery.heldBack?.attempt === attempt
      const held = wasHeld ? undefined : hold(uri, delivery.id, toFaults(holds))
      const applied = held?.holdMs ? holds : all.filter(({ fault }) => !isHold(fault))
      rules.use(applied)
      return { faults: toFaults(applied), holdMs: held?.holdMs ?? 0 }
    },
    overtaken({ id, endpoint: { uri } }) {
      const waits = waiting.get(uri)
      waiting.delete(uri)
      return waits === undefined || waits === id ? [] : [waits]
    },
  }
}

function toFaults(applied: readonly Applied<DeliveryFault>[]): readonly DeliveryFault[] {
  return applied.map(({ fault }) => fault)
}
