import { EVENT_TYPES, type EventType } from './event-types.ts'

// Two typos. Documented types differ from each other by more than that.
const MAX_EDITS = 2

/** Returns the documented event type that `type` is probably a misspelling of, if any. */
export function suggestEventType(type: string): EventType | undefined {
  const plain = type.toLowerCase()
  return EVENT_TYPES.find((known) => known !== type && countEdits(plain, known) <= MAX_EDITS)
}

/** The Levenshtein distance: how many characters to insert, delete or replace. */
function countEdits(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[to.length]!
}
