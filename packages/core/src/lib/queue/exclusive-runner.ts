/** How many deliveries to claim, until when, or whatever else a storage asks for. */
type Claim<T, Terms> = (terms: Terms & { alone: boolean }) => Promise<T[]>

/**
 * Where the deliveries of one queue run in this process, whichever worker claimed them.
 *
 * A suspect has it to itself: nothing enters beside it, and it enters only when nothing else is there.
 */
export interface ExclusiveRunner<T, Terms> {
  /** Claims for this process; `finished` is to be called once for each delivery it resolves to. */
  claim(terms: Terms): Promise<T[]>
  finished(): void
  isIdle(): boolean
  /** Resolves once nothing runs. */
  whenIdle(): Promise<void>
}

/**
 * Makes the runner of a queue.
 *
 * @param claim Claims deliveries. Of suspects it may return one, by itself, and only where it is told `alone`
 */
export function createExclusiveRunner<T extends { quarantined?: boolean }, Terms extends object = object>(
  claim: Claim<T, Terms>,
): ExclusiveRunner<T, Terms> {
  // Claims under way count like deliveries, for nobody knows yet what they bring.
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
      // The first claim on an empty runner may bring a suspect: what it brings decides whether others may enter.
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
