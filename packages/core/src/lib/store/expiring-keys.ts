/** Keys in the order they were added, each with the time it expires, in epoch milliseconds. */
export interface ExpiringKeys {
  readonly size: number
  /** When a key expires; `undefined` if it is not there. */
  get(key: string): number | undefined
  /** Adds a key that is not there. */
  add(key: string, expiresAt: number): void
  /** Removes a key. Returns whether it was there. */
  delete(key: string): boolean
  /** The key that was added first, with its expiry. */
  first(): readonly [key: string, expiresAt: number] | undefined
  clear(): void
}

/**
 * Creates an empty list of keys.
 *
 * A new iterator of a `Map` skips everything that was deleted before its first entry, which takes longer the more there
 * was: with 100,000 keys, fifty times as long as a claim. So one iterator is kept.
 */
export function createExpiringKeys(): ExpiringKeys {
  const keys = new Map<string, number>()
  let iterator = keys.entries()
  // What the iterator returned last, unless that was deleted. Everything before it was.
  let front: readonly [string, number] | undefined
  return {
    get size() {
      return keys.size
    },
    get: (key) => keys.get(key),
    add(key, expiresAt) {
      keys.set(key, expiresAt)
    },
    delete(key) {
      if (front?.[0] === key) front = undefined
      return keys.delete(key)
    },
    first() {
      if (front) return front
      const next = iterator.next()
      // An iterator that has reached the end stays there.
      if (next.done) iterator = keys.entries()
      else front = next.value
      return front
    },
    clear() {
      keys.clear()
      iterator = keys.entries()
      front = undefined
    },
  }
}
