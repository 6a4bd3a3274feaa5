import type { DeliveryFault } from '../shared/fault-types.ts'
import type { WireFault } from './node-send.ts'

/** How an attempt differs from a good one. */
export interface AttemptPlan {
  /** How often the request is sent. */
  readonly copies: number
  readonly isDropped: boolean
  readonly losesAnswer: boolean
  readonly key: 'own' | 'unknown'
  readonly hasWrongSignature: boolean
  /** How many seconds ago it seems to have been signed. */
  readonly ageSeconds: number
  /** What happens to the body after it was signed. */
  readonly rewrite?: 'tampered_body' | 'reserialized_body'
  readonly wire?: WireFault
}

const GOOD: AttemptPlan = {
  copies: 1,
  isDropped: false,
  losesAnswer: false,
  key: 'own',
  hasWrongSignature: false,
  ageSeconds: 0,
}

const DEFAULT_AGE_SECONDS = 600
const DEFAULT_SLOW_MS = 3000
const DEFAULT_WITHIN_MS = 10_000

/** Works out what the faults of an attempt do to it. Those that only hold it back do nothing here. */
export function planAttempt(faults: readonly DeliveryFault[]): AttemptPlan {
  return Object.assign({}, GOOD, ...faults.map(effectOf)) as AttemptPlan
}

function effectOf(fault: DeliveryFault): Partial<AttemptPlan> {
  switch (fault.type) {
    case 'duplicate':
      return { copies: fault.copies ?? 2 }
    case 'drop':
      return { isDropped: true }
    case 'wrong_signature':
      return { hasWrongSignature: true }
    case 'unknown_key':
      return { key: 'unknown' }
    case 'stale_timestamp':
      return { ageSeconds: fault.seconds ?? DEFAULT_AGE_SECONDS }
    case 'tampered_body':
    case 'reserialized_body':
      return { rewrite: fault.type }
    case 'truncated_body':
    case 'cut_before_answer':
      return { wire: fault }
    case 'slow_sender':
      return { wire: { ...fault, ms: fault.ms ?? DEFAULT_SLOW_MS } }
    case 'cut_after_answer':
      return { losesAnswer: true }
    default:
      return {}
  }
}

/** Whether a fault holds an attempt back, instead of changing it. */
export function isHold({ type }: DeliveryFault): boolean {
  return type === 'delay' || type === 'reorder'
}

/** How long an attempt is held back: by `delayMs` for certain, and by up to `withinMs` until another overtakes it. */
export function holdOf(faults: readonly DeliveryFault[]): { delayMs: number; withinMs: number } {
  let delayMs = 0
  let withinMs = 0
  for (const fault of faults) {
    if (fault.type === 'delay') delayMs += fault.ms
    if (fault.type === 'reorder') withinMs = fault.withinMs ?? DEFAULT_WITHIN_MS
  }
  return { delayMs, withinMs }
}
