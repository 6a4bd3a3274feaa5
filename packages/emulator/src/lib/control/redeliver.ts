import { notFound } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'

/** Sends a delivery once more. */
export function redeliver(state: EmulatorState, webhookId: string): DeliverySnapshot {
  if (typeof webhookId !== 'string') {
    throw new RequestFault('invalid_request', 'A webhook-id is needed, such as `delivery.webhookId`.')
  }
  const delivery = state.sender.redeliver(webhookId)
  if (delivery === undefined) throw notFound(`Delivery '${webhookId}'`)
  return delivery
}
