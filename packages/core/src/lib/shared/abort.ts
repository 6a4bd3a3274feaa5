/** Returns a promise that rejects with the signal's reason when the signal is aborted, and never resolves. */
export function rejectOnAbort(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  // Prevents an unhandled rejection when the caller has stopped waiting.
  aborted.catch(() => {})
  return aborted
}
