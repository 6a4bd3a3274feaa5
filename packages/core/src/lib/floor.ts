import type { LeasedDelivery, QueueStorage } from './queue-storage.ts'

type Terms = Omit<Parameters<QueueStorage['claim']>[0], 'alone'>

/**
 * Where the deliveries of one queue run in this process, whichever worker claimed them.
 *
 * A suspect has it to itself: nothing enters beside it, and it enters only when nothing else is there.
 */
export interface Floor {
  /** Claims for this process; `leave` is to be called once for each delivery it resolves to. */
  claim(terms: Terms): Promise<LeasedDelivery[]>
  leave(): void
  isEmpty(): boolean
  /** Resolves once nothing runs. */
  emptied(): Promise<void>
}

export function createFloor(storage: QueueStorage): Floor {
  // Claims under way count like deliveries, for nobody knows yet what they bring.
  let present = 0
  let suspectRuns = false
  let first: Promise<LeasedDelivery[]> | undefined
  let waiting: PromiseWithResolvers<void> | undefined

  const leave = (leaving = 1) => {
    present -= leaving
    if (present > 0) return
    suspectRuns = false
    waiting?.resolve()
    waiting = undefined
  }
  const enter = async (terms: Terms, alone: boolean) => {
    present++
    let leased: LeasedDelivery[] = []
    try {
      leased = await storage.claim({ ...terms, alone })
      return leased
    } finally {
      present += leased.length
      suspectRuns = leased.some(({ suspect }) => suspect)
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
    leave: () => leave(),
    isEmpty: () => present === 0,
    emptied() {
      if (present === 0) return Promise.resolve()
      waiting ??= Promise.withResolvers<void>()
      return waiting.promise
    },
  }
}
