import type { DeliveryQueue } from '../queue/queue.ts'
import { type Clock, monotonicNow } from '../shared/clock.ts'

/** Detects deliveries that wait in a queue without a worker. */
export interface IdleQueueProbe {
  /** Call it for each accepted delivery. */
  accepted(): void
  /** Call it when this receiver starts a worker or drains the queue. From then on nothing is reported. */
  worked(): void
}

const WAIT_MS = 10_000

const NOT_WORKED =
  'deliveries have waited in the queue for more than 10 seconds, and this receiver does not work on it: call receiver.work(), serve(receiver, { work: true }) or, on a schedule, receiver.drain()'

/**
 * Creates a probe that warns once.
 *
 * It asks the queue when a delivery is accepted, and only if this receiver has never worked on it, because another
 * process may do so. It sets no timer, which would keep a process alive.
 */
export function createIdleQueueProbe(
  queue: Pick<DeliveryQueue, 'stats'>,
  clock: Clock,
  warn: (message: string) => void,
): IdleQueueProbe {
  let askAt = Number.POSITIVE_INFINITY
  let done = false
  const ask = async () => {
    const { oldestPendingMs } = await queue.stats()
    if (done || oldestPendingMs < WAIT_MS) return
    done = true
    warn(NOT_WORKED)
  }
  return {
    accepted() {
      if (done) return
      const present = monotonicNow(clock)
      if (askAt === Number.POSITIVE_INFINITY) askAt = present + WAIT_MS
      if (present < askAt) return
      askAt = present + WAIT_MS
      ask().catch(() => {})
    },
    worked() {
      done = true
    },
  }
}
