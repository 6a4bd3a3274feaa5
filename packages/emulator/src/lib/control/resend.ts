import { notFound } from '../http/body.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields, isFields, readMetadata, requiredName } from '../http/fields.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'

/**
 * Sends an edited event to the endpoint of an earlier delivery, as a delivery of its own. Unlike a trigger it moves no
 * job: the API goes on saying what it said.
 */
export function resend(state: EmulatorState, webhookId: string, body: Fields): DeliverySnapshot {
  const endpoint = state.sender.stored.get(webhookId)?.endpoint
  if (endpoint === undefined) throw notFound(`Delivery '${webhookId}'`)
  checkKnown(body, ['type', 'data', 'user_metadata'])
  const type = requiredName('type', body.type)
  const { data } = body
  if (!isFields(data)) throw new RequestFault('invalid_request', "'data' must be an object.")
  const jobId = typeof data.id === 'string' ? data.id : undefined
  const event = { type, data, jobId, userMetadata: readMetadata(body.user_metadata) }
  return state.emitTo(event, [endpoint])[0]!
}
