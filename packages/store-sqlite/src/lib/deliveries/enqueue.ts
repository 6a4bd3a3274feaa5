import { WebhookUnavailableError } from '@gwh/core/errors'
import type { QueuedDelivery } from '@gwh/core/queue'
import { checkStorable, checksum, hashKey } from './delivery-row.ts'
import type { StorageParts } from './storage-parts.ts'

/**
 * Adds a delivery unless its key is known.
 *
 * @throws WebhookConfigError `option_invalid` when a field cannot be stored
 * @throws WebhookUnavailableError `overloaded` when the queue is full, `store_unavailable` or `store_corrupt`
 */
export async function enqueue(
  { group, statements, capacity, keys }: StorageParts,
  message: QueuedDelivery,
): Promise<'enqueued' | 'duplicate'> {
  checkStorable(message)
  const { key, endpoint, id, timestamp, scheme, keyId = null, jwt, receivedAt, body } = message
  const bodyBound = jwt ? Number(jwt.bodyBound) : null
  const hash = hashKey(key)
  const sum = checksum(message)
  const apply = (): 'enqueued' | 'duplicate' | { refusal: string } => {
    const refusal = capacity.refusal()
    // A known delivery takes no space, and its sender need not retry.
    if (keys.find(hash, key) !== undefined) return 'duplicate'
    if (refusal !== undefined) return { refusal }
    const content = [key, endpoint, id, timestamp, scheme, keyId, bodyBound, receivedAt, body] as const
    const { lastInsertRowid } = statements.insert.run(hash, ...content, sum, receivedAt)
    keys.added(hash, Number(lastInsertRowid))
    capacity.waitingChanged(1)
    return 'enqueued'
  }
  const outcome = await group.write(apply, body.byteLength)
  if (typeof outcome === 'string') return outcome
  throw new WebhookUnavailableError('overloaded', `the queue is full: ${outcome.refusal}`)
}
