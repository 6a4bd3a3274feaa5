import type { DeliveryQueue } from '../queue/queue.ts'
import { type Clock, monotonicNow } from '../shared/clock.ts'

const WAIT_MS = 10_000

const NOT_WORKED =
  'deliveries have waited in the queue for more than 10 seconds, and this receiver does not work on it: call receiver.work(), serve(receiver, { work: true }) or, on a schedule, receiver.drain()'

/**
 * Creates a function to be called for each accepted delivery. It warns once if deliveries wait in a queue without a worker.
 *
 * It asks the queue, and only if this receiver has never worked on it, because another process may do so. It sets no
 * timer, which would keep a process alive.
 *
 * @param hasWorked Whether this receiver has started a worker or drained the queue. From then on nothing is reported
 */
export function createIdleQueueProbe(
  queue: Pick<DeliveryQueue, 'stats'>,
  clock: Clock,
  hasWorked: () => boolean,
  warn: (message: string) => void,
): () => void {
  let askAt = Number.POSITIVE_INFINITY
  let warned = false
  const ask = async () => {
    const { oldestPendingMs } = await queue.stats()
    if (warned || hasWorked() || oldestPendingMs < WAIT_MS) return
    warned = true
    warn(NOT_WORKED)
  }
  return () => {
    if (warned || hasWorked()) return
    const present = monotonicNow(clock)
    if (askAt === Number.POSITIVE_INFINITY) askAt = present + WAIT_MS
    if (present < askAt) return
    askAt = present + WAIT_MS
    ask().catch(() => {})
  }
}
