/** Limits how much runs at once per key; one key's backlog never delays another's. */
export interface PerKeyLimiter {
  /** Runs `work` when its slot has a free place, in order of arrival. */
  run(key: string, work: () => Promise<void>): Promise<void>
}

interface Slot {
  busy: number
  readonly waiting: (() => void)[]
}

/** Creates slots that are each `width` wide. */
export function createPerKeyLimiter(width: number): PerKeyLimiter {
  const slots = new Map<string, Slot>()

  function slotOf(key: string): Slot {
    const slot = slots.get(key) ?? { busy: 0, waiting: [] }
    slots.set(key, slot)
    return slot
  }

  async function enter(slot: Slot): Promise<void> {
    if (slot.busy < width) slot.busy += 1
    else await new Promise<void>((resolve) => slot.waiting.push(resolve))
  }

  function leave(key: string, slot: Slot): void {
    // The next in line takes the place over, so `busy` falls only when none is waiting.
    const next = slot.waiting.shift()
    if (next === undefined) slot.busy -= 1
    else next()
    if (slot.busy === 0) slots.delete(key)
  }

  return {
    async run(key, work) {
      const slot = slotOf(key)
      await enter(slot)
      try {
        await work()
      } finally {
        leave(key, slot)
      }
    },
  }
}
