/** Items by time, the earliest first. An item whose time has changed is added again; what it left behind is skipped. */
export interface TimeHeap<T> {
  /** Adds an item at its present time. */
  add(item: T): void
  /** The item with the earliest time, without removing it. */
  first(): T | undefined
  /** Removes the item that `first` returned. */
  removeFirst(): void
}

interface Entry<T> {
  at: number
  item: T
}

const SPARE = 64

/**
 * Creates an empty heap.
 *
 * @param timeOf The present time of an item; `undefined` for one that no longer counts
 * @param count How many items count at present. Entries of the others are removed when they are more than these.
 */
export function createTimeHeap<T>(timeOf: (item: T) => number | undefined, count: () => number): TimeHeap<T> {
  let entries: Entry<T>[] = []
  const isCurrent = ({ at, item }: Entry<T>) => timeOf(item) === at

  const heap: TimeHeap<T> = {
    add(item) {
      const at = timeOf(item)
      if (at === undefined) return
      if (entries.length > 2 * count() + SPARE) entries = entries.filter(isCurrent).sort(byTime)
      rise(entries, { at, item })
    },
    first() {
      while (entries.length > 0 && !isCurrent(entries[0]!)) heap.removeFirst()
      return entries[0]?.item
    },
    removeFirst() {
      const last = entries.pop()
      if (last && entries.length > 0) sink(entries, last)
    },
  }
  return heap
}

function byTime<T>(one: Entry<T>, other: Entry<T>): number {
  return one.at < other.at ? -1 : Number(one.at > other.at)
}

/** Puts an entry at the end and moves it up to where it belongs. */
function rise<T>(entries: Entry<T>[], entry: Entry<T>): void {
  let index = entries.length
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (entries[parent]!.at <= entry.at) break
    entries[index] = entries[parent]!
    index = parent
  }
  entries[index] = entry
}

/** Puts an entry in place of the first and moves it down to where it belongs. */
function sink<T>(entries: Entry<T>[], entry: Entry<T>): void {
  let index = 0
  for (let child = 1; child < entries.length; child = 2 * index + 1) {
    if (child + 1 < entries.length && entries[child + 1]!.at < entries[child]!.at) child++
    if (entries[child]!.at >= entry.at) break
    entries[index] = entries[child]!
    index = child
  }
  entries[index] = entry
}
