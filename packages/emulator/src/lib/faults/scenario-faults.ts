import type { DeliveryFault, DeliveryTrouble } from '../shared/fault-types.ts'

/** The faults of a job's deliveries at an attempt, which is 1 for the first. */
export function faultsOf(trouble: DeliveryTrouble | undefined, attempt: number): readonly DeliveryFault[] {
  if (trouble === undefined || attempt > (trouble.attempts ?? Number.POSITIVE_INFINITY)) return []
  const { drop, delayMs, duplicate = 1, reorder, faults = [] } = trouble
  return [
    ...(drop ? [{ type: 'drop' } as const] : []),
    ...(delayMs === undefined ? [] : [{ type: 'delay', ms: delayMs } as const]),
    ...(duplicate > 1 ? [{ type: 'duplicate', copies: duplicate } as const] : []),
    ...(reorder ? [{ type: 'reorder' } as const] : []),
    ...faults.map((fault) => (typeof fault === 'string' ? ({ type: fault } as DeliveryFault) : fault)),
  ]
}
