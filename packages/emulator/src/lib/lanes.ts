/** Limits how much runs at once per key; one key's backlog never delays another's. */
export interface Lanes {
  /** Runs `work` when its lane has room, in order of arrival. */
  run(key: string, work: () => Promise<void>): Promise<void>
}

interface Lane {
  busy: number
  readonly waiting: (() => void)[]
}

/** Creates lanes that are each `width` wide. */
export function createLanes(width: number): Lanes {
  const lanes = new Map<string, Lane>()

  function laneOf(key: string): Lane {
    const lane = lanes.get(key) ?? { busy: 0, waiting: [] }
    lanes.set(key, lane)
    return lane
  }

  async function enter(lane: Lane): Promise<void> {
    if (lane.busy < width) lane.busy += 1
    else await new Promise<void>((resolve) => lane.waiting.push(resolve))
  }

  function leave(key: string, lane: Lane): void {
    // Whoever waits takes over the place, so `busy` only falls when nobody does.
    const next = lane.waiting.shift()
    if (next === undefined) lane.busy -= 1
    else next()
    if (lane.busy === 0) lanes.delete(key)
  }

  return {
    async run(key, work) {
      const lane = laneOf(key)
      await enter(lane)
      try {
        await work()
      } finally {
        leave(key, lane)
      }
    },
  }
}
