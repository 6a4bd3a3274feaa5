/** Calls that have not ended. */
export interface Pending {
  /** Adds a call until it ends, and returns it. */
  add<T>(call: Promise<T>): Promise<T>
  /** Resolves when the calls of this moment have ended, in whatever way. */
  ended(): Promise<void>
}

/** Creates an empty set of calls. */
export function createPending(): Pending {
  const calls = new Set<Promise<unknown>>()
  return {
    add(call) {
      const remove = () => calls.delete(call)
      calls.add(call)
      call.then(remove, remove)
      return call
    },
    async ended() {
      await Promise.allSettled(calls)
    },
  }
}
