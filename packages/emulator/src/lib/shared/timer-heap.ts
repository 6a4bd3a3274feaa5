/** Something that is due at a time. */
export interface Due {
  /** When, in epoch milliseconds. */
  at: number
}

interface Entry<Item> {
  readonly item: Item
  readonly at: number
  /** Decides between two of the same time: the one added first comes first. */
  readonly order: number
  /** Where it is in the heap. */
  index: number
}

/** Items by the time they are due. Adding, removing and taking the first cost the logarithm of their number. */
export class TimerHeap<Item extends Due> {
  readonly #heap: Entry<Item>[] = []
  readonly #entries = new Map<Item, Entry<Item>>()
  #added = 0

  /** The one that is due first. */
  first(): Item | undefined {
    return this.#heap[0]?.item
  }

  /** Adds an item, which must not be in the heap. */
  add(item: Item): void {
    this.#added += 1
    const entry = { item, at: item.at, order: this.#added, index: this.#heap.length }
    this.#entries.set(item, entry)
    this.#heap.push(entry)
    this.#rise(entry)
  }

  /** Removes an item, if it is there. */
  delete(item: Item): void {
    const entry = this.#entries.get(item)
    if (entry === undefined) return
    this.#entries.delete(item)
    const last = this.#heap.pop()!
    if (last === entry) return
    this.#place(last, entry.index)
    this.#rise(last)
    this.#sink(last)
  }

  /** Takes out everything that is due by `now`, in order. */
  takeDue(now: number): Item[] {
    const due: Item[] = []
    for (let first = this.first(); first !== undefined && first.at <= now; first = this.first()) {
      this.delete(first)
      due.push(first)
    }
    return due
  }

  clear(): void {
    this.#heap.length = 0
    this.#entries.clear()
  }

  #rise(entry: Entry<Item>): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1]!
      if (isBefore(parent, entry)) return
      this.#swap(parent, entry)
    }
  }

  #sink(entry: Entry<Item>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1]
      const right = this.#heap[2 * entry.index + 2]
      const child = left && right && isBefore(right, left) ? right : left
      if (child === undefined || isBefore(entry, child)) return
      this.#swap(entry, child)
    }
  }

  #swap(upper: Entry<Item>, lower: Entry<Item>): void {
    const index = upper.index
    this.#place(upper, lower.index)
    this.#place(lower, index)
  }

  #place(entry: Entry<Item>, index: number): void {
    entry.index = index
    this.#heap[index] = entry
  }
}

function isBefore(one: Entry<Due>, other: Entry<Due>): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at
}
