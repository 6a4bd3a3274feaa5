/** How many deliveries to claim, until when, or whatever else a storage asks for. */
type Claim<T, Terms> = (terms: Terms & { alone: boolean }) => Promise<T[]>

/**
 * Where the deliveries of one queue run in this process, whichever worker claimed them.
 *
 * A suspect has it to itself: nothing enters beside it, and it enters only when nothing else is there.
 */
export interface Floor<T, Terms> {
  /** Claims for this process; `leave` is to be called once for each delivery it resolves to. */
  claim(terms: Terms): Promise<T[]>
  leave(): void
  isEmpty(): boolean
  /** Resolves once nothing runs. */
  emptied(): Promise<void>
}

/**
 * Makes the floor of a queue.
 *
 * @param claim Claims deliveries. Of suspects it may return one, by itself, and only where it is told `alone`
 */
export function createFloor<T extends { suspect?: boolean }, Terms extends object = object>(
  claim: Claim<T, Terms>,
): Floor<T, Terms> {
  // Claims under way count like deliveries, for nobody knows yet what they bring.
  let present = 0
  let suspectRuns = false
  let first: Promise<T[]> | undefined
  let waiting: PromiseWithResolvers<void> | undefined

  const leave = () => {
    present--
    if (present > 0) return
    suspectRuns = false
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
      suspectRuns = claimed.some(({ suspect }) => suspect)
      leave()
    }
  }
  return {
    async claim(terms) {
      // The first claim on an empty floor may bring a suspect: what it brings decides whether others may enter.
      while (first) await first
      if (suspectRuns) return []
      if (present > 0) return await enter(terms, false)
      first = enter(terms, true).finally(() => {
        first = undefined
      })
      return await first
    },
    leave,
    isEmpty: () => present === 0,
    emptied() {
      if (present === 0) return Promise.resolve()
      waiting ??= Promise.withResolvers<void>()
      return waiting.promise
    },
  }
}
