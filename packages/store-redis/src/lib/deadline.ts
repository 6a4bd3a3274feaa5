import type { Clock } from '@gwh/core/queue'
import { noAnswer } from './redis-errors.ts'

/**
 * Waits for a reply for at most `ms` milliseconds. Redis may still carry out the command afterwards.
 *
 * @param giveUp Called when the time has run out
 * @throws WebhookUnavailableError `store_unavailable` when the time has run out; otherwise what the reply rejects with
 */
export async function within<T>(
  ms: number,
  clock: Clock,
  reply: Promise<T>,
  giveUp: () => void = () => {},
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const cancel = clock.schedule(() => {
    late.reject(noAnswer(ms))
    giveUp()
  }, ms)
  try {
    return await Promise.race([reply, late.promise])
  } finally {
    cancel()
  }
}
