import type { DeliveryMatches, DeliverySummary } from '@gwh/inspector/page'
import type { DeliverySnapshot } from '../shared/types.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1000

/**
 * Finds the newest deliveries that fit `state`, `type`, `scheme`, `job` and `q`, a text that their id, type, URI, job or
 * body contains. At most `limit` of them are returned.
 */
export function searchDeliveries(
  snapshots: readonly DeliverySnapshot[],
  query: Readonly<Record<string, string>>,
): DeliveryMatches {
  const matching = snapshots.filter((snapshot) => fits(snapshot, query))
  const limit = Math.min(Number(query.limit) || DEFAULT_LIMIT, MAX_LIMIT)
  const newest = matching.slice(-limit).reverse()
  return { deliveries: newest.map(toSummary), matching: matching.length, total: snapshots.length }
}

function fits(snapshot: DeliverySnapshot, { state, type, scheme, job, q }: Record<string, string>): boolean {
  const { eventType, webhookId, uri, jobId = '', body } = snapshot
  if (state && snapshot.state !== state) return false
  if (type && eventType !== type) return false
  if (scheme && snapshot.scheme !== scheme) return false
  if (job && jobId !== job) return false
  const wanted = q?.toLowerCase() ?? ''
  return [webhookId, eventType, uri, jobId, body].some((text) => text.toLowerCase().includes(wanted))
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
