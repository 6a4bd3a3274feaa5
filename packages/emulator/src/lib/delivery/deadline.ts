/** Bounds one attempt in time, whatever it waits for. */
export interface Deadline {
  /** Aborted when the time is over, or when all attempts are to end. */
  readonly signal: AbortSignal
  /** Settles as `work` does, or rejects when the signal is aborted first. */
  race<Result>(work: Promise<Result>): Promise<Result>
  /** To be called when the attempt has ended, so that nothing of it is kept until the time is over. */
  clear(): void
}

/** Starts a deadline of `ms` wall-clock milliseconds, which `stop` ends early. */
export function startDeadline(ms: number, stop: AbortSignal): Deadline {
  const controller = new AbortController()
  const over = Promise.withResolvers<never>()
  // Nothing may be waiting for it.
  over.promise.catch(() => {})
  function end(): void {
    controller.abort()
    over.reject(new TypeError('the attempt has no time left'))
  }
  const timer = setTimeout(end, ms)
  stop.addEventListener('abort', end)
  if (stop.aborted) end()
  return {
    signal: controller.signal,
    race: (work) => Promise.race([work, over.promise]),
    clear() {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
    },
  }
}
