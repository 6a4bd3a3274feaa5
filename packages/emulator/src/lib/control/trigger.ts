import { suggestEventType } from '@gwh/core/events'
import { CATALOGUE_TYPES } from '../events/event-types.ts'
import { RequestFault } from '../http/faults.ts'
import { checkKnown, type Fields, isFields, readMetadata, readUris } from '../http/fields.ts'
import type { TriggerResult } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'

// What a ping is called; it goes to its webhook without a subscription.
const PING = 'ping'

/** Emits an invented event, given in the control API's spelling. */
export function trigger(state: EmulatorState, body: Fields): TriggerResult {
  checkKnown(body, ['type', 'data', 'user_metadata', 'uris'])
  const { type, data } = body
  const uris = readUris(body.uris)
  checkType(type, uris)
  if (!isFields(data)) throw new RequestFault('invalid_request', "'data' must be an object.")
  const jobId = typeof data.id === 'string' ? data.id : undefined
  const event = { type, data, userMetadata: readMetadata(body.user_metadata), jobId }
  const deliveries = state.emit(event, uris)
  return { deliveries, webhookIds: deliveries.map((delivery) => delivery.webhookId) }
}

/** Refuses a type that no webhook subscribes to, or that is probably a misspelt known type. */
function checkType(type: unknown, uris: readonly string[] | undefined): asserts type is string {
  if (typeof type !== 'string' || type === '') {
    throw new RequestFault('invalid_request', "'type' is required.")
  }
  if (type === PING || CATALOGUE_TYPES.some((known) => known === type)) return
  const similar = suggestEventType(type)
  if (similar !== undefined) {
    throw new RequestFault('invalid_request', `Unknown event type '${type}'. Did you mean '${similar}'?`)
  }
  if (uris === undefined) {
    throw new RequestFault(
      'invalid_request',
      `No webhook can subscribe to '${type}'. Known types: ${CATALOGUE_TYPES.join(', ')}. To send it anyway, name the receivers in 'uris'.`,
    )
  }
}
