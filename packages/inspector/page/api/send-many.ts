/** How many events are sent, and how fast. */
export interface Pace {
  readonly count: number
  /** Events per second; `undefined` for one after the other without a pause. */
  readonly perSecond: number | undefined
  /** Ends the sending early. */
  readonly signal: AbortSignal
}

/** Sends events at a pace, each after the one before was taken; returns how many. */
export async function sendMany(
  { count, perSecond, signal }: Pace,
  send: (index: number) => Promise<void>,
): Promise<number> {
  const startedAt = performance.now()
  for (let index = 0; index < count; index++) {
    if (perSecond !== undefined) await waitUntil(startedAt + (index * 1000) / perSecond, signal)
    if (signal.aborted) return index
    await send(index)
  }
  return count
}

function waitUntil(at: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(done, at - performance.now())
    signal.addEventListener('abort', done, { once: true })
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
