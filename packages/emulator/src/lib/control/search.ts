import type { DeliveryMatches, DeliverySummary } from '@gwh/inspector/page'
import type { Delivery } from '../delivery/delivery.ts'
import type { DeliverySnapshot } from '../shared/types.ts'
import type { EmulatorState } from '../state/state.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/**
 * Finds the newest deliveries that fit `state`, `type`, `scheme`, `job` and `q`, a text that their id, type, URI, job or
 * body contains. At most `limit` of them are returned.
 */
export function searchDeliveries(
  { sender }: EmulatorState,
  query: Readonly<Record<string, string>>,
): DeliveryMatches {
  const all = [...sender.stored.values()]
  const text = query.q?.toLowerCase() ?? ''
  const matching = all.filter((delivery) => fits(delivery, query) && contains(delivery, text))
  const limit = Math.min(Number(query.limit) || DEFAULT_LIMIT, MAX_LIMIT)
  // Only these are copied: the page asks anew at every change, and there may be 100,000 of them.
  const newest = matching.slice(-limit).reverse()
  return {
    deliveries: newest.map(({ id }) => toSummary(sender.snapshot(id)!)),
    matching: matching.length,
    total: all.length,
  }
}

function fits(delivery: Delivery, { state, type, scheme, job }: Readonly<Record<string, string>>): boolean {
  if (state && delivery.state !== state) return false
  if (type && delivery.eventType !== type) return false
  if (scheme && delivery.endpoint.scheme !== scheme) return false
  return !job || delivery.jobId === job
}

function contains({ id, eventType, endpoint, jobId = '', body }: Delivery, text: string): boolean {
  if (text === '') return true
  return [id, eventType, endpoint.uri, jobId, body].some((part) => part.toLowerCase().includes(text))
}

function toSummary(snapshot: DeliverySnapshot): DeliverySummary {
  const { body: _, attempts, ...rest } = snapshot
  const last = attempts.at(-1)
  return {
    ...rest,
    attempts: attempts.length,
    isRunning: last !== undefined && last.durationMs === undefined,
    ...(last?.status !== undefined && { status: last.status }),
    ...(last?.code && { code: last.code }),
  }
}
