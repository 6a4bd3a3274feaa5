import type { DeliveryRecord } from './delivery-record.ts'
import type { ReplayFilter } from './queue.ts'
import type { QueueStorage } from './queue-storage.ts'
import { toRecord } from './to-record.ts'

const PAGE = 500

/** Makes handled deliveries pending again: one by key or `webhook-id`, or all that a filter matches. */
export async function replay(
  storage: QueueStorage,
  target: string | ReplayFilter,
  now: number,
): Promise<number> {
  if (typeof target === 'string') {
    const stored = await storage.get(target)
    return stored ? await storage.replay([stored.message.key], now) : 0
  }
  let replayed = 0
  let after: string | undefined
  for (;;) {
    const page = await storage.list({ state: 'done', limit: PAGE, ...(after !== undefined && { after }) })
    const keys = page.map(toRecord).filter((record) => matches(target, record))
    if (keys.length > 0)
      replayed += await storage.replay(
        keys.map(({ message }) => message.key),
        now,
      )
    if (page.length < PAGE) return replayed
    after = page.at(-1)?.message.key
  }
}

function matches(filter: ReplayFilter, { message, event }: DeliveryRecord): boolean {
  const { endpoint, type, receivedFrom = Number.NEGATIVE_INFINITY, receivedUntil } = filter
  return (
    (endpoint === undefined || message.endpoint === endpoint) &&
    (type === undefined || event?.type === type) &&
    message.receivedAt >= receivedFrom &&
    message.receivedAt < (receivedUntil ?? Number.POSITIVE_INFINITY)
  )
}
