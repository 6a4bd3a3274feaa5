import type { Persistence } from './persistence.ts'

/** A plain JSON object with an id. Records are never changed in place: a changed copy replaces them. */
export interface StoredRecord {
  readonly id: string
}

/** All records of one kind, in the order they were first stored. */
export interface Records<Item extends StoredRecord> {
  readonly size: number
  get(id: string): Item | undefined
  values(): IterableIterator<Item>
  /** Stores a record, in the place of the one with its id. */
  put(item: Item): Item
  /** Removes a record; returns whether there was one. */
  delete(id: string): boolean
}

interface RecordsOptions {
  readonly kind: string
  readonly persistence: Persistence
  /** Called after each change in memory, with what takes it back. */
  readonly onChange: (undo: () => void) => void
}

/** Loads the records of a kind and keeps them in memory; every change is written through. */
export function createRecords<Item extends StoredRecord>(options: RecordsOptions): Records<Item> {
  const { kind, persistence, onChange } = options
  const items = new Map<string, Item>()
  for (const json of persistence.load(kind)) {
    const item = JSON.parse(json) as Item
    items.set(item.id, item)
  }

  /** Sets or, without an item, removes; in memory only. */
  function place(id: string, item: Item | undefined): void {
    if (item === undefined) items.delete(id)
    else items.set(id, item)
  }

  return {
    get size() {
      return items.size
    },
    get: (id) => items.get(id),
    values: () => items.values(),
    put(item) {
      // The file first: a failed write must leave memory as it was.
      persistence.write(kind, item.id, item)
      const before = items.get(item.id)
      items.set(item.id, item)
      onChange(() => place(item.id, before))
      return item
    },
    delete(id) {
      const before = items.get(id)
      if (before === undefined) return false
      persistence.remove(kind, id)
      items.delete(id)
      onChange(() => place(id, before))
      return true
    },
  }
}
