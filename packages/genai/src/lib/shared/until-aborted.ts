/**
 * Waits for a step until a signal is aborted, and then rejects with its reason. The step itself goes on; what becomes of it
 * is ignored.
 */
export async function untilAborted<T>(step: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await step
  const { promise: end, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([step, end])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
