import type { QueuedDelivery } from '@gwh/core/queue'
import { FIXTURE_EVENTS } from './fixture-events.ts'

let made = 0

/**
 * Makes a delivery as a receiver would enqueue it: a static one of a `batch.succeeded` event.
 *
 * @param fields What should be different; `key` and `id` are new on every call unless given
 */
export function queuedDelivery(fields: Partial<QueuedDelivery> = {}): QueuedDelivery {
  made += 1
  const id = fields.id ?? `msg_${String(made).padStart(8, '0')}`
  return {
    key: `default:${id}`,
    endpoint: 'default',
    id,
    timestamp: 1_795_000_000,
    scheme: 'static',
    keyId: 'whsec_...MnM=',
    receivedAt: 1_795_000_000_000 + made,
    body: new TextEncoder().encode(JSON.stringify(FIXTURE_EVENTS['batch.succeeded'])),
    ...fields,
  }
}
