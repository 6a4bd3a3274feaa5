import { createNumbering } from './order.ts'
import type { Persistence, StoredRow } from './persistence.ts'

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
  /** Removes every record and stores these. */
  replaceAll(items: readonly Item[]): void
  /** Calls `follow` with every record there is, and then with each change as it is made or taken back. */
  track(follow: Follow<Item>): void
}

/** Follows the changes of records: what was in a record's place, and what is now. It must not throw. */
export type Follow<Item> = (before: Item | undefined, after: Item | undefined) => void

/** What is wrong with the records of a kind. */
export interface RecordsProblem {
  /** Which of them, from 0; absent when it is not about a single one. */
  readonly index?: number | undefined
  /** Where in the record, such as `attempts[0].startedAt`; empty for all of it. */
  readonly path: string
  readonly message: string
}

/** Finds what is wrong with the records of a kind, if anything is. */
export type CheckRecords = (kind: string, items: readonly unknown[]) => RecordsProblem | undefined

interface RecordsOptions {
  readonly kind: string
  readonly persistence: Persistence
  /** Called after each change in memory, with what takes it back. */
  readonly onChange: (undo: () => void) => void
  /** Checks what is on file. */
  readonly check: CheckRecords
}

/**
 * Loads the records of a kind and keeps them in memory; every change is written through. Throws what
 * `persistence.damaged` makes of a row that cannot be used.
 */
export function createRecords<Item extends StoredRecord>(options: RecordsOptions): Records<Item> {
  const { kind, persistence, onChange } = options
  const items = new Map<string, Item>(load<Item>(options).map((item) => [item.id, item]))

  const number = createNumbering()
  for (const item of items.values()) number(undefined, item)
  const followers: Follow<Item>[] = []

  /** Sets or, without an item, removes; in memory only. */
  function place(id: string, item: Item | undefined): void {
    const before = items.get(id)
    if (item === undefined) items.delete(id)
    else {
      number(before, item)
      items.set(id, item)
    }
    for (const follow of followers) follow(before, item)
  }

  function placeAll(next: readonly Item[]): void {
    for (const id of [...items.keys()]) place(id, undefined)
    for (const item of next) place(item.id, item)
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
      place(item.id, item)
      onChange(() => place(item.id, before))
      return item
    },
    delete(id) {
      const before = items.get(id)
      if (before === undefined) return false
      persistence.remove(kind, id)
      place(id, undefined)
      onChange(() => place(id, before))
      return true
    },
    replaceAll(next) {
      const before = [...items.values()]
      persistence.removeAll(kind)
      for (const item of next) persistence.write(kind, item.id, item)
      placeAll(next)
      onChange(() => placeAll(before))
    },
    track(follow) {
      followers.push(follow)
      for (const item of items.values()) follow(undefined, item)
    },
  }
}

function load<Item extends StoredRecord>({ kind, persistence, check }: RecordsOptions): Item[] {
  const rows = [...persistence.load(kind)]
  const items = rows.map((row) => parseRow(row, (why) => persistence.damaged(kind, row.id, why)))
  const problem = check(kind, items)
  if (problem === undefined) return items as Item[]
  const { index, path, message } = problem
  const row = index === undefined ? undefined : rows[index]
  throw persistence.damaged(kind, row?.id, path === '' ? message : `${path}: ${message}`)
}

function parseRow({ id, json }: StoredRow, damaged: (why: string) => Error): unknown {
  let item: unknown
  try {
    item = JSON.parse(json)
  } catch {
    throw damaged('not valid JSON')
  }
  const isOurs = typeof item === 'object' && item !== null && 'id' in item && item.id === id
  if (!isOurs) throw damaged('not the record of its id')
  return item
}
