/** Rejects with the signal's reason once it is aborted, at once if it is already; stays pending otherwise. */
export function rejectOnAbort(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  // Nobody may be listening any more when it happens.
  aborted.catch(() => {})
  return aborted
}
