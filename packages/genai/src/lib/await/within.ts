import type { Clock } from '@gwh/core/queue'

/** How long a step may take. */
export interface Limit {
  /** The longest time to wait, in milliseconds. */
  ms: number
  clock: Clock
  /** Ends the wait when it is aborted, with its reason. */
  signal?: AbortSignal
  /** What the wait ends with when the time is up. */
  late: () => unknown
}

/** Waits for a step, but not beyond a limit. The step itself goes on; what becomes of it is ignored. */
export async function within<T>(step: Promise<T>, { ms, clock, signal, late }: Limit): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal?.reason)
  const cancel = clock.schedule(() => reject(late()), ms)
  signal?.addEventListener('abort', onAbort, { once: true })
  if (signal?.aborted) onAbort()
  try {
    return await Promise.race([step, end])
  } finally {
    cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}
