import type { DeliveryQueue } from '../queue/queue.ts'
import type { ConfigWarning } from '../schemes/secrets.ts'
import { type Clock, monotonicNow } from '../shared/clock.ts'

const WARN_EVERY_MS = 60_000

/**
 * Creates a function that returns why the queue takes no deliveries, in words; `undefined` while it takes them.
 *
 * @param warn Called with `queue_full` for deliveries refused meanwhile, at most once a minute
 */
export function createFullQueueProbe(
  queue: Pick<DeliveryQueue, 'isFull' | 'whyFull'> | undefined,
  clock: Clock,
  warn: (warning: ConfigWarning) => void,
): () => string | undefined {
  let warnedAt = Number.NEGATIVE_INFINITY
  const report = (message: string) => {
    const present = monotonicNow(clock)
    if (present - warnedAt < WARN_EVERY_MS) return
    warnedAt = present
    warn({ code: 'queue_full', message: `${message}: deliveries are refused with overloaded` })
  }
  return () => {
    if (!queue?.isFull?.()) return undefined
    const message = describe(queue.whyFull?.())
    report(message)
    return message
  }
}

function describe(reason: string | undefined): string {
  return reason === undefined ? 'the queue is full' : `the queue is full: ${reason}`
}
