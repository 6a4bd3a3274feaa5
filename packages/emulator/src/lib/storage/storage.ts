import type { Persistence } from './persistence.ts'
import { type CheckRecords, createRecords, type Records, type StoredRecord } from './records.ts'

/** Holds every record of an emulator, in memory and, when it has one, in its state file. */
export interface Storage {
  /** The records of one kind; the same object at every call. */
  records<Item extends StoredRecord>(kind: string): Records<Item>
  /**
   * Makes the changes of `work` at once or, when it throws, not at all: in memory and in the file. `work` must be
   * synchronous; calls may be nested.
   */
  atomically<Result>(work: () => Result): Result
  /** Runs `effect` once the changes that are being made are stored, at once when none are; never if they fail. */
  afterCommit(effect: () => void): void
  /** Everything there is, by kind, in the order it was first stored. */
  dump(): Record<string, readonly StoredRecord[]>
  /** Puts back what {@link dump} returned; what is there now is dropped. */
  restore(dump: Record<string, readonly StoredRecord[]>): void
  close(): void
}

/**
 * Creates a storage that writes to `persistence`, and reads from it what an earlier process stored. Throws what
 * `persistence.damaged` makes of what `check` finds.
 */
export function createStorage(persistence: Persistence, check: CheckRecords = () => undefined): Storage {
  const kinds = new Map<string, Records<StoredRecord>>()
  /** What to call, last first, to take back the changes of the running transaction; absent when none runs. */
  let undo: (() => void)[] | undefined
  /** What follows the running transaction. */
  let effects: (() => void)[] = []

  function records<Item extends StoredRecord>(kind: string): Records<Item> {
    const known =
      kinds.get(kind) ?? createRecords({ kind, persistence, check, onChange: (back) => undo?.push(back) })
    kinds.set(kind, known)
    // One kind holds one type of record; nothing but its own module asks for it.
    return known as unknown as Records<Item>
  }

  function atomically<Result>(work: () => Result): Result {
    if (undo !== undefined) return work()
    const changes: (() => void)[] = []
    undo = changes
    effects = []
    let result: Result
    try {
      persistence.begin()
      result = work()
      persistence.commit()
    } catch (error) {
      persistence.rollback()
      for (const back of changes.reverse()) back()
      throw error
    } finally {
      undo = undefined
    }
    for (const effect of effects) effect()
    return result
  }

  for (const kind of persistence.kinds()) records(kind)
  return {
    records,
    atomically,
    afterCommit: (effect) => {
      if (undo === undefined) effect()
      else effects.push(effect)
    },
    dump: () => Object.fromEntries([...kinds].map(([kind, items]) => [kind, [...items.values()]])),
    restore: (dump) =>
      atomically(() => {
        for (const kind of new Set([...kinds.keys(), ...Object.keys(dump)])) {
          records(kind).replaceAll(dump[kind] ?? [])
        }
      }),
    close: () => persistence.close(),
  }
}
