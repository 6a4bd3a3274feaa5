import { RequestFault } from '../http/faults.ts'
import { firstOf } from '../shared/first-of.ts'
import type { Records } from '../storage/records.ts'
import type { Delivery } from './delivery.ts'

/**
 * Drops the deliveries that `ended` first, so that `count` new ones fit.
 *
 * @throws RequestFault `limit_exceeded` when too many are still pending, `invalid_request` when they never fit
 */
export function makeRoom(
  deliveries: Records<Delivery>,
  ended: ReadonlyMap<string, Delivery>,
  count: number,
  limit: number,
): void {
  if (count > limit) {
    throw new RequestFault(
      'invalid_request',
      `An event would go to ${count} receivers, and the emulator keeps ${limit} deliveries (limits.deliveries).`,
    )
  }
  const excess = deliveries.size + count - limit
  if (excess <= 0) return
  if (ended.size < excess) {
    throw new RequestFault(
      'limit_exceeded',
      `The emulator keeps ${limit} deliveries (limits.deliveries), and too few of them have ended to make room.`,
    )
  }
  for (const id of firstOf(ended.keys(), excess)) deliveries.delete(id)
}
