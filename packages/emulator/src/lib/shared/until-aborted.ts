/** Waits for `work`, or resolves with `undefined` once `signal` is aborted. */
export async function untilAborted<Result>(
  signal: AbortSignal,
  work: Promise<Result>,
): Promise<Result | undefined> {
  let stop: () => void = () => {}
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined)
  })
  signal.addEventListener('abort', stop)
  try {
    return signal.aborted ? undefined : await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
