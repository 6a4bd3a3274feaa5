import type { DeliveryQueue } from '../queue/queue.ts'
import { DEFAULT_LEASE_MS } from '../queue/work-settings.ts'

const MOST_COUNTED = 100

/**
 * Warns if deliveries are in progress when a worker starts. After a crash they wait for their leases to end, and nothing
 * else says so. Whether their process still runs is not known.
 *
 * Asks the queue once, and sets no timer. Never rejects.
 *
 * @param now The current time, in epoch milliseconds
 * @param leaseMs The option of the worker
 */
export async function reportHeldDeliveries(
  queue: Pick<DeliveryQueue, 'list'>,
  now: () => number,
  leaseMs: number = DEFAULT_LEASE_MS,
  warn: (message: string) => void,
): Promise<void> {
  try {
    const startedAt = now()
    const running = await queue.list({ state: 'running', limit: MOST_COUNTED })
    const leasesMs = running
      .map(({ dueAt = 0 }) => dueAt - startedAt)
      // The worker may have claimed deliveries meanwhile; their leases end later than those from before.
      .filter((restMs) => restMs > 0 && restMs < leaseMs)
    if (leasesMs.length > 0) warn(toMessage(leasesMs))
  } catch {
    // The worker reports a queue that is not available.
  }
}

function toMessage(leasesMs: readonly number[]): string {
  const count = leasesMs.length < MOST_COUNTED ? leasesMs.length : `at least ${MOST_COUNTED}`
  const seconds = Math.ceil(Math.max(...leasesMs) / 1000)
  return `deliveries in progress when this worker started: ${count}. If the process that handled them has ended, they are handled again after their leases end, the last one in ${seconds} s`
}
