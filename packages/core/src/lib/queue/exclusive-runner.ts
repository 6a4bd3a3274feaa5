type Claim<T, Terms> = (terms: Terms & { alone: boolean }) => Promise<T[]>

/**
 * Decides which deliveries of one queue may run concurrently in this process, across all its workers.
 *
 * A crash-loop suspect runs alone: it starts when nothing else runs, and nothing else starts until it has ended.
 */
export interface ExclusiveRunner<T, Terms> {
  /** Claims deliveries to run in this process. Call `finished` once for each of them. */
  claim(terms: Terms): Promise<T[]>
  /** Records that a claimed delivery has ended. */
  finished(): void
  /** Whether nothing runs and no claim is pending. */
  isIdle(): boolean
  /** Resolves when nothing runs. */
  whenIdle(): Promise<void>
}

/**
 * Creates the runner of a queue.
 *
 * @param claim Claims deliveries. It may return a crash-loop suspect only alone, and only if `alone` is set
 */
export function createExclusiveRunner<T extends { quarantined?: boolean }, Terms extends object = object>(
  claim: Claim<T, Terms>,
): ExclusiveRunner<T, Terms> {
  // A pending claim counts like a delivery, because it may return one.
  let present = 0
  let quarantinedRuns = false
  let first: Promise<T[]> | undefined
  let waiting: PromiseWithResolvers<void> | undefined

  const finished = () => {
    present--
    if (present > 0) return
    quarantinedRuns = false
    waiting?.resolve()
    waiting = undefined
  }
  const enter = async (terms: Terms, alone: boolean) => {
    present++
    let claimed: T[] = []
    try {
      claimed = await claim({ ...terms, alone })
      return claimed
    } finally {
      present += claimed.length
      quarantinedRuns = claimed.some(({ quarantined }) => quarantined)
      finished()
    }
  }
  return {
    async claim(terms) {
      // The first claim of an idle runner may return a crash-loop suspect, so other claims wait for its result.
      while (first) await first
      if (quarantinedRuns) return []
      if (present > 0) return await enter(terms, false)
      first = enter(terms, true).finally(() => {
        first = undefined
      })
      return await first
    },
    finished,
    isIdle: () => present === 0,
    whenIdle() {
      if (present === 0) return Promise.resolve()
      waiting ??= Promise.withResolvers<void>()
      return waiting.promise
    },
  }
}
