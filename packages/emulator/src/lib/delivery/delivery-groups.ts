import { createGroups } from '../storage/groups.ts'
import type { Records } from '../storage/records.ts'
import { type Delivery, registrationOf } from './delivery.ts'

/** Deliveries by their ids, in the order they came into this state. */
type Some = ReadonlyMap<string, Delivery>

/** Finds and counts deliveries without looking at all of them. */
export interface DeliveryGroups {
  pending(): Some
  /** Those that are pending for a registered webhook. */
  pendingFor(registrationId: string): Some
  ended(): Some
}

/** Groups deliveries by their state, and follows every change. */
export function groupDeliveries(deliveries: Records<Delivery>): DeliveryGroups {
  const byState = createGroups(deliveries, ({ state }) => (state === 'pending' ? 'pending' : 'ended'))
  const byWebhook = createGroups(deliveries, (delivery) =>
    delivery.state === 'pending' ? registrationOf(delivery) : undefined,
  )
  return {
    pending: () => byState('pending'),
    pendingFor: byWebhook,
    ended: () => byState('ended'),
  }
}
