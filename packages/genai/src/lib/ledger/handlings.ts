/**
 * What this process knows about the events it handles. It holds while the ledger is away, and whatever the wall clock says.
 */
export interface Handlings {
  /**
   * Whether the event of a key is being handled in this process, or was handled and the ledger does not know it yet;
   * `undefined` if neither.
   *
   * @param holder The delivery that asks. What it does itself does not count. Default: any counts
   */
  stateOf(key: string, holder?: string): 'handled' | 'in_progress' | undefined
  /** Runs handlers for a holder. Once they have succeeded, the event is handled here. */
  run(key: string, holder: string, handle: () => unknown): Promise<void>
  /** Notes that the event is handled here. */
  handled(key: string, holder: string): void
  /** Notes that the ledger knows it now. */
  recorded(key: string): void
}

/** Creates the knowledge of one process. It forgets what the ledger knows. */
export function createHandlings(): Handlings {
  const running = new Map<string, string[]>()
  const unrecorded = new Map<string, string>()

  const leave = (key: string, holder: string) => {
    const holders = running.get(key)!
    holders.splice(holders.indexOf(holder), 1)
    if (holders.length === 0) running.delete(key)
  }
  const handled = (key: string, holder: string) => void unrecorded.set(key, holder)
  return {
    stateOf(key, holder) {
      if (unrecorded.has(key) && unrecorded.get(key) !== holder) return 'handled'
      return running.get(key)?.some((other) => other !== holder) ? 'in_progress' : undefined
    },
    async run(key, holder, handle) {
      running.set(key, [...(running.get(key) ?? []), holder])
      try {
        await handle()
        handled(key, holder)
      } finally {
        leave(key, holder)
      }
    },
    handled,
    recorded: (key) => void unrecorded.delete(key),
  }
}
