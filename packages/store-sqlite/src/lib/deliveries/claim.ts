import type { ClaimTerms, LeasedDelivery } from '@gwh/core/queue'
import { type DeliveryRow, toLeased } from './delivery-row.ts'
import type { StorageParts } from './storage-parts.ts'

/** Claims deliveries. Call it inside a transaction. */
export function claim(parts: StorageParts, terms: ClaimTerms): LeasedDelivery[] {
  const { statements, capacity, leases, waits } = parts
  const { limit, now, leaseUntil, alone = true, exclude } = terms
  leases.note(leaseUntil - now)
  const leaseHorizon = leases.horizon(now)
  const suspectTerms = { now, leaseHorizon, exclude: JSON.stringify([...(exclude ?? [])]) }
  if (statements.crashLoopSuspect.get(suspectTerms)?.seq != null) {
    const row = alone ? statements.claimCrashLoopSuspect.get({ ...suspectTerms, leaseUntil }) : undefined
    return row ? [{ ...toLeased(asDelivery(row)), quarantined: true }] : []
  }
  const claimTerms = { ...suspectTerms, leaseUntil, waitHorizon: waits.horizon(now) }
  const leased: LeasedDelivery[] = []
  while (leased.length < limit) {
    const row = statements.claim.get(claimTerms)
    if (!row) break
    const one = toLeased(asDelivery(row))
    leased.push(one)
    // A first attempt was counted as waiting. A later one was too, unless its worker vanished.
    if (one.attempt === 1) capacity.waitingChanged(-1)
    else capacity.waitingChangedAtMost(0)
  }
  return leased
}

function asDelivery(row: Record<string, unknown>): DeliveryRow {
  return row as unknown as DeliveryRow
}
