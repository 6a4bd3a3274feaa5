import type { Records, StoredRecord } from './records.ts'

/** Finds the records of a group by their ids, in the order they came into it. */
export type Groups<Item extends StoredRecord> = (key: string) => ReadonlyMap<string, Item>

/**
 * Groups records by what `keyOf` says of them; `undefined` is no group. Kept up to date with every change, so that
 * nobody has to look at all records to find or count some.
 */
export function createGroups<Item extends StoredRecord>(
  records: Records<Item>,
  keyOf: (item: Item) => string | undefined,
): Groups<Item> {
  const groups = new Map<string, Map<string, Item>>()
  const keyOfAny = (item: Item | undefined) => item && keyOf(item)

  function leave(key: string, id: string): void {
    const group = groups.get(key)
    group?.delete(id)
    if (group?.size === 0) groups.delete(key)
  }

  function enter(key: string, item: Item): void {
    const group = groups.get(key) ?? new Map<string, Item>()
    groups.set(key, group.set(item.id, item))
  }

  records.track((before, after) => {
    const [left, entered] = [keyOfAny(before), keyOfAny(after)]
    if (left !== undefined && left !== entered) leave(left, before!.id)
    if (entered !== undefined) enter(entered, after!)
  })
  const none: ReadonlyMap<string, Item> = new Map()
  return (key) => groups.get(key) ?? none
}
